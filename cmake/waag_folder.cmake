# One target per folder. A folder's headers are visible only through a view that holds a link to that
# folder alone, so that an #include against the direction of ARCHITECTURE.md does not compile.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# At -O2 g++ 12 inlines one half of Asio's coroutine frame allocation and calls the pair mismatched.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-mismatched-new-delete>)
endif()
add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wall>
                    $<$<COMPILE_LANGUAGE:CXX>:-Wextra>
                    $<$<COMPILE_LANGUAGE:CXX>:-Wshadow>
                    $<$<COMPILE_LANGUAGE:CXX>:-Wconversion>
                    $<$<COMPILE_LANGUAGE:CXX>:-Werror>)
# clang warns about what libstdc++ 12's own stable_sort calls.
add_compile_options($<$<COMPILE_LANG_AND_ID:CXX,Clang>:-Wno-deprecated-declarations>)
# Beast and Asio in as few translation units as possible; no deprecated or header-only extras.
add_compile_definitions(BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_VISIBILITY=0)
# TSan knows no fences: g++ refuses those of Asio's completions. What they order, its locks order too.
if(CMAKE_CXX_FLAGS MATCHES "-fsanitize=thread")
  add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
endif()

# waag_folder(storage PCH core USES protocol LIBS rocksdb) globs the folder's sources: a room is a file,
# no list to keep.
function(waag_folder name)
  cmake_parse_arguments(ARG "" "PCH" "EXCLUDE;USES;LIBS" ${ARGN})
  set(view ${CMAKE_BINARY_DIR}/view/${name})
  file(MAKE_DIRECTORY ${view})
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${name} ${view}/${name} SYMBOLIC)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${name}/*.cc)
  list(TRANSFORM ARG_EXCLUDE PREPEND ${CMAKE_SOURCE_DIR}/${name}/)
  list(REMOVE_ITEM sources ${ARG_EXCLUDE} "")
  list(TRANSFORM ARG_USES PREPEND waag_)
  add_library(waag_${name} STATIC ${sources})
  target_include_directories(waag_${name} PUBLIC ${view})
  target_link_libraries(waag_${name} PUBLIC ${ARG_USES} PRIVATE ${ARG_LIBS})
  waag_precompile(waag_${name} ${ARG_PCH})
  waag_unite(waag_${name})
endfunction()
