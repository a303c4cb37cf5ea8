# Most of a test build's time is the parsing of the same headers. WAAG_PCH parses them once a target:
# on in the presets that make test waits for, off in dev, tsan and clang, whose builds show that every
# source includes what it uses.
option(WAAG_PCH "precompile the headers that most sources include" OFF)

# waag_precompile(target core|asio|test)
function(waag_precompile target kind)
  if(WAAG_PCH)
    target_precompile_headers(${target} PRIVATE ${CMAKE_SOURCE_DIR}/cmake/pch/${kind}.h)
    # What g++ 12 believes of libstdc++'s own strings it keeps to itself, but not of precompiled ones.
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      target_compile_options(${target} PRIVATE
        $<$<COMPILE_LANGUAGE:CXX>:-Wno-array-bounds$<SEMICOLON>-Wno-stringop-overflow$<SEMICOLON>-Wno-stringop-overread$<SEMICOLON>-Wno-restrict>)
    endif()
  endif()
endfunction()
