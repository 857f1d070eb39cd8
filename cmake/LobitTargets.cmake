# Functions that give every target of the project the same rules.

# Warnings are errors; contraction is off everywhere, because results must be
# bit-identical on every ISA (docs/numerics.md).
set(LOBIT_COMPILE_OPTIONS
    -Wall -Wextra -Wno-unused-parameter -Werror -ffp-contract=off -fvisibility=hidden)

# lobit_runtime_library(<name> SOURCES ... [DEPENDS ...])
# A part of the embeddable runtime: no exceptions, no RTTI, no LLVM.
function(lobit_runtime_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(${name} OBJECT ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}
                             ${PROJECT_SOURCE_DIR}/runtime/include)
  # Sections of their own: what a program does not use is left out of it. The time of a
  # model is in generated code; -O3 of the runtime is larger, not faster. Nothing is thrown
  # through it, so no tables to unwind it either.
  target_compile_options(${name} PRIVATE ${LOBIT_COMPILE_OPTIONS} -fno-exceptions -fno-rtti
                         -ffunction-sections -fdata-sections "$<$<CONFIG:Release>:-O2;-fno-asynchronous-unwind-tables>")
  set_property(GLOBAL APPEND PROPERTY LOBIT_RUNTIME_OBJECTS ${name})
endfunction()

# lobit_small(<sources>...): code that checks files and writes messages, once for each model.
# Optimized for size it is half as large.
function(lobit_small)
  set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS "$<$<CONFIG:Release>:-Os>")
endfunction()

# lobit_compiler_library(<name> SOURCES ... [DEPENDS <targets to link>] [GENERATED <tablegen targets>])
function(lobit_compiler_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;GENERATED" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  lobit_compiler_options(${name})
  target_compile_options(${name} PRIVATE -fno-exceptions)
  target_link_libraries(${name} PUBLIC ${ARG_DEPENDS})
  target_precompile_headers(${name} REUSE_FROM lobit_pch)
  add_dependencies(${name} lobit-tablegen ${ARG_GENERATED})
endfunction()

# lobit_tool(<name> SOURCES ... DEPENDS ...)  A program in build/bin.
function(lobit_tool name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/runtime/include)
  target_compile_options(${name} PRIVATE ${LOBIT_COMPILE_OPTIONS})
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS})
endfunction()

# lobit_unit_test(<name> [SHARDS n] SOURCES ... DEPENDS ...)  A gtest program; one ctest entry, or n.
function(lobit_unit_test name)
  cmake_parse_arguments(ARG "" "SHARDS" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/runtime/include)
  # The macros of gtest are ifs; g++ warns about one inside another.
  target_compile_options(${name} PRIVATE ${LOBIT_COMPILE_OPTIONS} -Wno-dangling-else)
  target_compile_definitions(${name} PRIVATE LOBIT_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                             LOBIT_BINARY_DIR="${PROJECT_BINARY_DIR}")
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} GTest::gtest GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/unittests)
  if(NOT ARG_SHARDS)
    add_test(NAME ${name} COMMAND ${name})
    return()
  endif()
  # Parts that run side by side; each needs a report of its own.
  math(EXPR last "${ARG_SHARDS} - 1")
  foreach(shard RANGE ${last})
    add_test(NAME ${name}-${shard}
             COMMAND ${name} --gtest_output=xml:${PROJECT_BINARY_DIR}/results/gtest/${name}-${shard}.xml)
    set_tests_properties(${name}-${shard} PROPERTIES ENVIRONMENT
                         "GTEST_TOTAL_SHARDS=${ARG_SHARDS};GTEST_SHARD_INDEX=${shard}")
  endforeach()
endfunction()
