# Most of a test build's time is the parsing of the same headers. WAAG_PCH parses them once a target:
# on in the presets that make test waits for, off in release and clang, whose builds show that every
# source includes what it uses.
option(WAAG_PCH "precompile the headers that most sources include" OFF)

# waag_precompile(target core|asio|test)
function(waag_precompile target kind)
  if(WAAG_PCH)
    target_precompile_headers(${target} PRIVATE ${CMAKE_SOURCE_DIR}/cmake/pch/${kind}.h)
  endif()
endfunction()
