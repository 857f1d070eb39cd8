# LLVM and MLIR 19: static MLIR archives beside the shared libLLVM. Never link a
# static LLVM component beside it: its options would be registered twice.
find_package(MLIR 19.1 REQUIRED CONFIG HINTS /usr/lib/llvm-19/lib/cmake/mlir)
find_package(LLD 19.1 REQUIRED CONFIG HINTS /usr/lib/llvm-19/lib/cmake/lld)
list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)
separate_arguments(LOBIT_LLVM_DEFINITIONS NATIVE_COMMAND "${LLVM_DEFINITIONS}")

# Every generated header exists before any compiler source is compiled.
add_custom_target(lobit-tablegen)

# lobit_tablegen(<file.td> <out> <generator flags...>): one mlir-tblgen output in the
# same relative folder of the build tree.
function(lobit_tablegen target td)
  set(LLVM_TARGET_DEFINITIONS ${td})
  cmake_parse_arguments(ARG "" "" "OUTPUTS" ${ARGN})
  foreach(output IN LISTS ARG_OUTPUTS)
    string(REPLACE "|" ";" parts "${output}")
    list(POP_FRONT parts file)
    mlir_tablegen(${file} ${parts} EXTRA_INCLUDES ${PROJECT_SOURCE_DIR} ${MLIR_INCLUDE_DIRS})
  endforeach()
  add_public_tablegen_target(${target})
  add_dependencies(lobit-tablegen ${target})
endfunction()

# Include paths and flags shared by all targets that include MLIR headers.
function(lobit_compiler_options name)
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}
                             ${PROJECT_SOURCE_DIR}/runtime/include)
  target_include_directories(${name} SYSTEM PUBLIC ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
  target_compile_definitions(${name} PRIVATE ${LOBIT_LLVM_DEFINITIONS})
  target_compile_options(${name} PRIVATE ${LOBIT_COMPILE_OPTIONS})
endfunction()

# One precompiled header for all compiler libraries: it holds upstream headers only
# and cuts the compile time of a pass by two thirds.
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/LobitPch.cpp CONTENT "")
add_library(lobit_pch STATIC ${PROJECT_BINARY_DIR}/LobitPch.cpp)
lobit_compiler_options(lobit_pch)
target_compile_options(lobit_pch PRIVATE -fno-exceptions)
target_precompile_headers(lobit_pch PRIVATE
  <mlir/Dialect/Arith/IR/Arith.h> <mlir/Dialect/Func/IR/FuncOps.h>
  <mlir/Dialect/Linalg/IR/Linalg.h> <mlir/Dialect/LLVMIR/LLVMDialect.h>
  <mlir/Dialect/Math/IR/Math.h> <mlir/Dialect/MemRef/IR/MemRef.h>
  <mlir/Dialect/SCF/IR/SCF.h> <mlir/Dialect/Tensor/IR/Tensor.h>
  <mlir/Dialect/Vector/IR/VectorOps.h> <mlir/IR/Builders.h> <mlir/IR/BuiltinOps.h>
  <mlir/IR/DialectImplementation.h> <mlir/Pass/Pass.h> <mlir/Pass/PassManager.h>
  <mlir/Transforms/DialectConversion.h>)
