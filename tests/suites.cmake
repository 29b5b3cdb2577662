# How suites become programs and entries of ctest.
#
# Every suite has one entry, run in a process of its own: one that breaks names itself and blocks no other.

# The entry of one suite: penstock_suite_entry(actors/node_test COMMAND program --options [LABELS ...] [TIMEOUT 300])
# The timeout only ends what hangs: it is far above what a suite needs on a slow machine.
function(penstock_suite_entry path)
  cmake_parse_arguments(arg "" "TIMEOUT" "COMMAND;LABELS" ${ARGN})
  add_test(NAME ${path} COMMAND ${arg_COMMAND} --log_level=test_suite --color_output=no)
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  if(PENSTOCK_SANITIZE) # Long ones do less of the same then.
    math(EXPR arg_TIMEOUT "3 * ${arg_TIMEOUT}")
    set_tests_properties(${path} PROPERTIES ENVIRONMENT PENSTOCK_SANITIZED=1)
  endif()
  set_tests_properties(${path} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}")
endfunction()

# What programs of tests have in common; `kind` chooses the precompiled header: actors, or anything else.
function(penstock_test_program name kind)
  cmake_parse_arguments(arg "" "" "LIBS" ${ARGN})
  target_link_libraries(${name} PRIVATE penstock_test_main ${arg_LIBS})
  target_compile_options(${name} PRIVATE ${penstock_test_options})
  target_compile_definitions(${name} PRIVATE PENSTOCK_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  if(kind MATCHES "^(actors|messages)")
    target_precompile_headers(${name} REUSE_FROM penstock_actor_test_pch)
  else()
    target_precompile_headers(${name} REUSE_FROM penstock_test_pch)
  endif()
endfunction()

# Suites of one or several rooms compiled as one program, each in a namespace and a test suite of its name:
# penstock_tests(core_lane SUITES core/lane/lane core/lane/token_bucket LIBS penstock::core_lane
#   [LABELS ...] [TIMEOUT 300] [SOURCES support/process.cpp])
#
# Nearly all that a compiler makes of a suite are templates of Boost.Test and CAF, the same in each: seven
# suites together cost as much as one. Their headers come first, outside of the namespaces; where the suites
# include them again, `#pragma once` has seen them. The pure part of a suite that is not in namespaces of its own
# stays apart from the others, because BOOST_AUTO_TEST_SUITE opens a namespace.
function(penstock_tests group)
  cmake_parse_arguments(arg "" "TIMEOUT" "SUITES;LIBS;LABELS;SOURCES" ${ARGN})
  set(headers "")
  set(suites "")
  list(GET arg_SUITES 0 kind)
  foreach(suite ${arg_SUITES})
    set(file ${CMAKE_CURRENT_SOURCE_DIR}/${suite}_test.cpp)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(STRINGS ${file} includes REGEX "^#include ")
    list(APPEND headers ${includes})
    string(REPLACE "/" "_" id ${suite})
    string(APPEND suites "#undef BOOST_TEST_MODULE\nBOOST_AUTO_TEST_SUITE(${id}_test)\n"
      "#include \"tests/${suite}_test.cpp\"\nBOOST_AUTO_TEST_SUITE_END()\n")
  endforeach()
  list(REMOVE_DUPLICATES headers)
  string(REPLACE ";" "\n" headers "${headers}")
  set(name ${group}_tests)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp)
  file(CONFIGURE OUTPUT ${source} CONTENT "${headers}\n${suites}" @ONLY)
  add_executable(${name} ${source} ${arg_SOURCES})
  penstock_test_program(${name} ${kind} LIBS ${arg_LIBS})
  # A suite is no header, though it is included here.
  set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS -Wno-subobject-linkage)
  foreach(suite ${arg_SUITES})
    string(REPLACE "/" "_" id ${suite})
    penstock_suite_entry(${suite}_test COMMAND ${name} --run_test=${id}_test
      LABELS ${arg_LABELS} TIMEOUT ${arg_TIMEOUT})
  endforeach()
endfunction()
