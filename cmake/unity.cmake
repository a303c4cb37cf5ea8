# What remains of a test build's time once headers are precompiled goes into the same templates and
# inline functions, made anew by each source. WAAG_UNITY compiles neighbours as one: on where a build is
# made once and thrown away (make build, tests/run.sh), off where one edits.
option(WAAG_UNITY "compile several sources of a folder as one" OFF)

# waag_unite(target): groups its sources as cmake/unity_groups.py finds that they can be.
function(waag_unite target)
  if(NOT WAAG_UNITY)
    return()
  endif()
  get_target_property(sources ${target} SOURCES)
  list(FILTER sources INCLUDE REGEX "\\.cc$")
  # Any change may call for other groups.
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${sources})
  execute_process(COMMAND ${Python3_EXECUTABLE} cmake/unity_groups.py ${sources} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
                  OUTPUT_VARIABLE lines OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE ";" "|" lines "${lines}")
  string(REPLACE "\n" ";" lines "${lines}")
  set(number 0)
  foreach(line IN LISTS lines)
    math(EXPR number "${number} + 1")
    string(REPLACE "|" ";" group "${line}")
    set_source_files_properties(${group} PROPERTIES UNITY_GROUP ${target}_${number})
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  # To g++ a glued source is a header, whose unnamed types others may not use.
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-subobject-linkage>)
endfunction()
