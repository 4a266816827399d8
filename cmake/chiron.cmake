# Compiler settings and the few helper functions every folder uses.
# One folder is one static library; its dependencies are named where it is declared,
# so that the link graph is the dependency rule.

option(CHIRON_TESTS "Build the tests" ON)
option(CHIRON_FUZZ "Build the fuzz targets (clang)" OFF)
option(CHIRON_COVERAGE "Instrument for coverage" OFF)
option(CHIRON_PCH "Precompile the standard library headers" ON)
option(CHIRON_WERROR "Treat warnings as errors" OFF)
set(CHIRON_SANITIZE "" CACHE STRING "Sanitizers, comma separated")

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")

find_program(CHIRON_CCACHE ccache)
if(CHIRON_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${CHIRON_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CHIRON_CCACHE})
endif()
find_program(CHIRON_MOLD mold)

# What every target of ours is compiled and linked with.
add_library(chiron-settings INTERFACE)
target_include_directories(chiron-settings INTERFACE "${CMAKE_SOURCE_DIR}/src" "${CMAKE_BINARY_DIR}/generated")
target_compile_options(chiron-settings INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers>
  $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-restrict>  # false alarms on std::string in g++ 12
  # clang warns of libstdc++'s own use of what is deprecated; g++ tells ours
  $<$<COMPILE_LANG_AND_ID:CXX,Clang>:-Wno-deprecated-declarations>
  -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(chiron-settings INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
endif()
if(CHIRON_WERROR)
  target_compile_options(chiron-settings INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Werror>)
  # What g++ 12 says of memory in std::string and std::vector as it inlines them is often wrong, so it stays a warning;
  # clang and the sanitizers see the real ones.
  target_compile_options(chiron-settings INTERFACE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-error=array-bounds
    -Wno-error=stringop-overflow -Wno-error=stringop-overread>)
endif()
if(CHIRON_MOLD)
  target_link_options(chiron-settings INTERFACE -fuse-ld=mold)
endif()
target_link_options(chiron-settings INTERFACE -Wl,--gc-sections -Wl,--as-needed)
target_compile_options(chiron-settings INTERFACE -ffunction-sections -fdata-sections)
if(CHIRON_SANITIZE)
  target_compile_options(chiron-settings INTERFACE -fsanitize=${CHIRON_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=undefined)
  target_link_options(chiron-settings INTERFACE -fsanitize=${CHIRON_SANITIZE})
else()
  # Not position-independent: docs/decisions/0004.
  target_link_options(chiron-settings INTERFACE -static-libstdc++ -static-libgcc -no-pie -Wl,-z,lazy)
endif()
if(CHIRON_FUZZ)
  target_compile_options(chiron-settings INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(CHIRON_COVERAGE)
  target_compile_options(chiron-settings INTERFACE --coverage -fprofile-abs-path)
  target_link_options(chiron-settings INTERFACE --coverage)
endif()

# chiron_static(VAR archive...): the static archives to link, in order; stops where one is missing.
function(chiron_static out)
  set(found)
  foreach(name ${ARGN})
    find_library(CHIRON_LIB_${name} NAMES lib${name}.a REQUIRED)
    list(APPEND found ${CHIRON_LIB_${name}})
  endforeach()
  set(${out} ${found} PARENT_SCOPE)
endfunction()

function(chiron_precompile target)
  if(CHIRON_PCH)
    if(target STREQUAL "chiron-foundation-base")
      target_precompile_headers(${target} PRIVATE "${CMAKE_SOURCE_DIR}/cmake/standard.h")
    else()
      target_precompile_headers(${target} REUSE_FROM chiron-foundation-base)
    endif()
  else()
    # The same header, read as text: precompiling it saves time and decides nothing.
    target_compile_options(${target} PRIVATE "$<$<COMPILE_LANGUAGE:CXX>:SHELL:-include ${CMAKE_SOURCE_DIR}/cmake/standard.h>")
  endif()
endfunction()

# chiron_library(foundation/doc DEPENDS foundation/base PRIVATE archives...): every .cpp of the
# current folder (and of the named SUBFOLDERS) as one static library named chiron-foundation-doc.
function(chiron_library path)
  cmake_parse_arguments(ARG "" "" "DEPENDS;PRIVATE;SUBFOLDERS;EXCLUDE" ${ARGN})
  string(REPLACE "/" "-" name "chiron-${path}")
  file(GLOB sources CONFIGURE_DEPENDS "*.cpp" "*.c")
  foreach(folder ${ARG_SUBFOLDERS})
    file(GLOB_RECURSE more CONFIGURE_DEPENDS "${folder}/*.cpp" "${folder}/*.c")
    list(APPEND sources ${more})
  endforeach()
  foreach(excluded ${ARG_EXCLUDE})
    list(REMOVE_ITEM sources "${CMAKE_CURRENT_SOURCE_DIR}/${excluded}")
  endforeach()
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC chiron-settings)
  foreach(dependency ${ARG_DEPENDS})
    string(REPLACE "/" "-" dependency_name "chiron-${dependency}")
    target_link_libraries(${name} PUBLIC ${dependency_name})
  endforeach()
  target_link_libraries(${name} PRIVATE ${ARG_PRIVATE})
  chiron_precompile(${name})
endfunction()

# All test programs of our own, as one target; their tests have the label unit.
add_custom_target(unit-tests)

# chiron_test(engines/policy DEPENDS engines/policy): every .cpp of the current folder as one doctest
# program bin/test-engines-policy, run as one CTest test of the same name.
function(chiron_test path)
  cmake_parse_arguments(ARG "" "TIMEOUT" "DEPENDS" ${ARGN})
  string(REPLACE "/" "-" name "test-${path}")
  file(GLOB sources CONFIGURE_DEPENDS "*.cpp")
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE chiron-settings chiron-test-support)
  target_include_directories(${name} PRIVATE "${CMAKE_SOURCE_DIR}/tests")
  foreach(dependency ${ARG_DEPENDS})
    string(REPLACE "/" "-" dependency_name "chiron-${dependency}")
    target_link_libraries(${name} PRIVATE ${dependency_name})
  endforeach()
  chiron_precompile(${name})
  add_test(NAME ${name} COMMAND ${name})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_dependencies(unit-tests ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS unit
    ENVIRONMENT "CHIRON_BINARY=${CMAKE_BINARY_DIR}/bin/chiron;CHIRON_SOURCE=${CMAKE_SOURCE_DIR}")
endfunction()

# chiron_conformance(rego DEPENDS engines/policy SUITE policy/cases): a runner bin/conformance-rego that takes
# a folder of cases, and a CTest test that runs it over the shared suite (skipped, code 77, where that is absent).
function(chiron_conformance name)
  cmake_parse_arguments(ARG "" "SUITE" "DEPENDS;SOURCES" ${ARGN})
  if(NOT ARG_SOURCES)
    file(GLOB ARG_SOURCES CONFIGURE_DEPENDS "*.cpp")
  endif()
  add_executable(conformance-${name} ${ARG_SOURCES})
  target_link_libraries(conformance-${name} PRIVATE chiron-settings)
  target_include_directories(conformance-${name} PRIVATE "${CMAKE_SOURCE_DIR}/tests")
  foreach(dependency ${ARG_DEPENDS})
    string(REPLACE "/" "-" dependency_name "chiron-${dependency}")
    target_link_libraries(conformance-${name} PRIVATE ${dependency_name})
  endforeach()
  chiron_precompile(conformance-${name})
  add_test(NAME conformance-${name} COMMAND "${CMAKE_SOURCE_DIR}/scripts/run-suite.sh" ${ARG_SUITE}
    $<TARGET_FILE:conformance-${name}>)
  set_tests_properties(conformance-${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900
    ENVIRONMENT "CHIRON_BINARY=${CMAKE_BINARY_DIR}/bin/chiron;CHIRON_SOURCE=${CMAKE_SOURCE_DIR}")
endfunction()

# chiron_fuzz(policy-parser DEPENDS engines/policy): fuzz/…/policy-parser.cpp as bin/fuzz-policy-parser.
function(chiron_fuzz name)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  add_executable(fuzz-${name} ${name}.cpp)
  target_link_libraries(fuzz-${name} PRIVATE chiron-settings)
  target_link_options(fuzz-${name} PRIVATE -fsanitize=fuzzer)
  foreach(dependency ${ARG_DEPENDS})
    string(REPLACE "/" "-" dependency_name "chiron-${dependency}")
    target_link_libraries(fuzz-${name} PRIVATE ${dependency_name})
  endforeach()
  chiron_precompile(fuzz-${name})
endfunction()

# Adds every subfolder of the current one that has a CMakeLists.txt, in name order.
function(chiron_add_subfolders)
  cmake_parse_arguments(ARG "" "" "EXCEPT" ${ARGN})
  file(GLOB folders CONFIGURE_DEPENDS LIST_DIRECTORIES true RELATIVE "${CMAKE_CURRENT_SOURCE_DIR}" "*")
  foreach(folder ${folders})
    if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/CMakeLists.txt" AND NOT folder IN_LIST ARG_EXCEPT)
      add_subdirectory(${folder})
    endif()
  endforeach()
endfunction()
