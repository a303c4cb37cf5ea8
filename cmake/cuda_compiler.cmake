# WAAG_CUDA_COMPILER: an nvcc that works, or nothing. Of the machine ($CUDACXX, $PATH, $CUDA_HOME, its usual
# place) or of PyPI's wheels (tests/requirements/cuda.txt, which tests/harness/venvs.py installs).
option(WAAG_CUDA "build the CUDA kernels where there is a compiler for them" ON)
set(WAAG_CUDA_COMPILER "")
if(NOT WAAG_CUDA)
  return()
endif()
# Configured again when the environment comes.
file(GLOB wheels CONFIGURE_DEPENDS
     ${CMAKE_SOURCE_DIR}/.venvs/cuda/lib/python3*/site-packages/nvidia/cu*/bin/nvcc)
find_program(WAAG_NVCC nvcc HINTS ENV CUDA_HOME ENV CUDA_PATH /usr/local/cuda PATH_SUFFIXES bin)
set(candidates "$ENV{CUDACXX}" "${WAAG_NVCC}" ${wheels})
list(FILTER candidates EXCLUDE REGEX "NOTFOUND$|^$")
if(NOT candidates)
  message(STATUS "CUDA: no nvcc, so no kernels")
  return()
endif()
list(GET candidates 0 nvcc)
set(ENV{CUDACXX} "${nvcc}")
if(NOT CMAKE_CUDA_COMPILER)
  unset(CMAKE_CUDA_COMPILER CACHE)  # looked for before there was one
endif()
include(CheckLanguage)
check_language(CUDA)
if(CMAKE_CUDA_COMPILER)
  set(WAAG_CUDA_COMPILER "${CMAKE_CUDA_COMPILER}")
  message(STATUS "CUDA: kernels by ${WAAG_CUDA_COMPILER}")
  # Machine code of both, and PTX, which a driver compiles, for what comes after.
  set(CMAKE_CUDA_ARCHITECTURES 80-real 90 CACHE STRING "the CUDA devices to build for")
  # It looks for the driver at run time: one program, with a device and without.
  set(CMAKE_CUDA_RUNTIME_LIBRARY Static)
  enable_language(CUDA)
endif()
