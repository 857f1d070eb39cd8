#ifndef LOBIT_PASSES_LOWER_PASSES_TD
#define LOBIT_PASSES_LOWER_PASSES_TD

include "mlir/Pass/PassBase.td"

def MergeFunctionsPass : Pass<"lobit-merge-functions", "::mlir::ModuleOp"> {
  let summary = "one function for all blocks of the same form";
  let description = [{
    Moves the weights (chains of `lobit.weight`, `lobit.quantize`, `lobit.pack`) and
    `lm.cache` out of the private functions into the entry function, as arguments of
    the calls, and then merges functions that differ in nothing but names. The name
    of each operation for reports stays at the call, in `lobit.labels`.

    Before:

    ```mlir
    func.func private @block_0(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
      %w = lobit.weight "n0" : !lobit.weight<4xf32>
      %y = lm.rms_norm %x, %w eps 1.0e-05 : tensor<?x4xf32>, !lobit.weight<4xf32>
      return %y : tensor<?x4xf32>
    }
    func.func private @block_1(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
      %w = lobit.weight "n1" : !lobit.weight<4xf32>
      %y = lm.rms_norm %x, %w eps 1.0e-05 : tensor<?x4xf32>, !lobit.weight<4xf32>
      return %y : tensor<?x4xf32>
    }
    func.func @forward(%x: tensor<?x4xf32>) -> tensor<?x4xf32> attributes {lobit.entry} {
      %0 = call @block_0(%x) : (tensor<?x4xf32>) -> tensor<?x4xf32>
      %1 = call @block_1(%0) : (tensor<?x4xf32>) -> tensor<?x4xf32>
      return %1 : tensor<?x4xf32>
    }
    ```

    After:

    ```mlir
    func.func private @block_0(%x: tensor<?x4xf32>, %w: !lobit.weight<4xf32>) -> tensor<?x4xf32> {
      %y = lm.rms_norm %x, %w eps 1.0e-05 : tensor<?x4xf32>, !lobit.weight<4xf32>
      return %y : tensor<?x4xf32>
    }
    func.func @forward(%x: tensor<?x4xf32>) -> tensor<?x4xf32> attributes {lobit.entry} {
      %n0 = lobit.weight "n0" : !lobit.weight<4xf32>
      %0 = call @block_0(%x, %n0) {lobit.labels = ["block_0.rms_norm"]}
             : (tensor<?x4xf32>, !lobit.weight<4xf32>) -> tensor<?x4xf32>
      %n1 = lobit.weight "n1" : !lobit.weight<4xf32>
      %1 = call @block_0(%0, %n1) {lobit.labels = ["block_1.rms_norm"]}
             : (tensor<?x4xf32>, !lobit.weight<4xf32>) -> tensor<?x4xf32>
      return %1 : tensor<?x4xf32>
    }
    ```
  }];
  let dependentDialects = ["::mlir::func::FuncDialect"];
}

def AssignOffsetsPass : Pass<"lobit-assign-offsets", "::mlir::ModuleOp"> {
  let summary = "place each stored weight in the weights section";
  let description = [{
    Gives the last op of each weight chain of the entry function its place in the
    weights section, in bytes: `lobit.offset` for the values and, for quantized
    weights, `lobit.scale_offset` for the scales. All are multiples of 64, in the order of first
    use. Equal chains share one place. Dense f32 constants of linalg code get a place
    too, beside a `lobit.weight` that holds their values. `lobit.weights_size` of the
    module is the size of the section.

    Before:

    ```mlir
    func.func @forward(%x: tensor<?x4xf32>) -> tensor<?x4xf32> attributes {lobit.entry} {
      %w = lobit.weight "norm" : !lobit.weight<4xbf16>
      %y = lm.rms_norm %x, %w eps 1.0e-05 : tensor<?x4xf32>, !lobit.weight<4xbf16>
      return %y : tensor<?x4xf32>
    }
    ```

    After:

    ```mlir
    module attributes {lobit.weights_size = 8 : i64} {
      func.func @forward(%x: tensor<?x4xf32>) -> tensor<?x4xf32> attributes {lobit.entry} {
        %w = lobit.weight "norm" {lobit.offset = 0 : i64} : !lobit.weight<4xbf16>
        %y = lm.rms_norm %x, %w eps 1.0e-05 : tensor<?x4xf32>, !lobit.weight<4xbf16>
        return %y : tensor<?x4xf32>
      }
    }
    ```
  }];
  let dependentDialects = ["::lobit::lb::LobitDialect"];
}

def ConvertLobitToUKernelPass : Pass<"convert-lobit-to-ukernel", "::mlir::ModuleOp"> {
  let summary = "the whole forward pass as calls of microkernels on static buffers";
  let description = [{
    Every tensor gets a static buffer of `max-rows` rows (its own rows when they are
    static) in the scratch memory of the frame; buffers whose lives do not overlap
    share memory. Every op becomes the call of a kernel function, one per distinct
    shape and layout; `ukernel.barrier` stands where an op touches what another
    thread may still read or write, and ops that need no barrier go before it. Ops
    that follow each other and do each token by itself share one loop over a thread's
    tokens; what they alone use is one row of a thread. gated_activation shares the
    loop over tiles with the layers that make its inputs. What is left of linalg runs
    on memrefs in thread 0, between barriers.

    The entry function becomes `@lobit_model(%frame)`. One function
    `@lobit_linear_N(%frame)` per distinct linear layer is for known answers. The
    module says what the artifact has to: `lobit.scratch_size`, `lobit.state_size`,
    `lobit.max_rows` and the table `lobit.operations` of traced operations.

    Before:

    ```mlir
    func.func @forward(%x: tensor<?x16xf32>, %y: tensor<?x16xf32>) -> tensor<?x16xf32>
        attributes {lobit.entry} {
      %z = lm.add %x, %y : tensor<?x16xf32>
      return %z : tensor<?x16xf32>
    }
    ```

    After:

    ```mlir
    func.func @lobit_model(%frame: !ukernel.frame) {
      %zero = arith.constant 0 : index
      %one = arith.constant 1 : index
      %rows = ukernel.field rows of %frame
      %thread = ukernel.field thread of %frame
      %threads = ukernel.field threads of %frame
      %begin, %end = ukernel.thread_range %rows, %thread, %threads
      %x = ukernel.buffer input of %frame offset 0 : memref<64x16xf32>
      %y = ukernel.buffer input of %frame argument 1 offset 0 : memref<64x16xf32>
      %z = ukernel.buffer output of %frame offset 0 : memref<64x16xf32>
      scf.for %row = %begin to %end step %one {
        func.call @lobit_f32_add_16__avx2(%x, %y, %z, %row, %row, %row)
          : (memref<64x16xf32>, memref<64x16xf32>, memref<64x16xf32>, index, index, index) -> ()
      }
      ukernel.trace %zero of %frame
      return
    }
    ```
  }];
  let options = [
    Option<"isa", "isa", "std::string", "\"x86-64-v1\"", "instruction set the code is for">,
    Option<"maxRows", "max-rows", "int64_t", "64", "tokens of one call, a multiple of 16">];
  let dependentDialects = ["::mlir::func::FuncDialect", "::mlir::scf::SCFDialect",
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
    "::mlir::vector::VectorDialect", "::mlir::math::MathDialect", "::lobit::uk::UKernelDialect"];
}

def ConvertUKernelToTargetPass : Pass<"convert-ukernel-to-target", "::mlir::ModuleOp"> {
  let summary = "ukernel ops as vector code and intrinsics of one instruction set";
  let description = [{
    Integer ops become the widest instructions that the ISA has
    (passes/Lower/<Arch>/Intrinsics.inc); what has none is plain vector code with the
    arithmetic of docs/numerics.md. `!ukernel.frame` becomes a pointer to a LobitFrame
    (runtime/format/CodeAbi.h). The pass refuses a module that calls an intrinsic
    the ISA does not have or that is in no table.

    Before:

    ```mlir
    func.func @dot(%acc: vector<8xi32>, %a: vector<32xi8>, %b: vector<32xi8>) -> vector<8xi32> {
      %r = ukernel.dot_i8 %acc, %a, %b max 2 : vector<8xi32>, vector<32xi8>
      return %r : vector<8xi32>
    }
    ```

    After, with isa=avx2:

    ```mlir
    func.func @dot(%acc: vector<8xi32>, %a: vector<32xi8>, %b: vector<32xi8>) -> vector<8xi32> {
      %ones = arith.constant dense<1> : vector<16xi16>
      %0 = llvm.call_intrinsic "llvm.x86.avx2.pmadd.ub.sw"(%a, %b)
             : (vector<32xi8>, vector<32xi8>) -> vector<16xi16>
      %1 = llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"(%0, %ones)
             : (vector<16xi16>, vector<16xi16>) -> vector<8xi32>
      %r = arith.addi %acc, %1 : vector<8xi32>
      return %r : vector<8xi32>
    }
    ```
  }];
  let options = [Option<"isa", "isa", "std::string", "\"x86-64-v1\"",
                        "instruction set the code is for">];
  let dependentDialects = ["::mlir::func::FuncDialect", "::mlir::scf::SCFDialect",
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
    "::mlir::vector::VectorDialect", "::mlir::LLVM::LLVMDialect"];
}

def LobitConvertToLLVMPass : Pass<"lobit-convert-to-llvm", "::mlir::ModuleOp"> {
  let summary = "everything to the LLVM dialect, with the code table";
  let description = [{
    One conversion for all dialects, with bare pointers for static memrefs. When the
    module has `lobit.functions`, a list of functions that take a frame, those become
    the LobitCodeTable that the exported `lobit_code_query` returns, in that order,
    and every other symbol becomes internal.

    Before:

    ```mlir
    module attributes {lobit.functions = [@lobit_model]} {
      func.func @lobit_model(%frame: !llvm.ptr) {
        return
      }
    }
    ```

    After:

    ```mlir
    module {
      llvm.func internal @lobit_model(%frame: !llvm.ptr) attributes {dso_local} {
        llvm.return
      }
      llvm.mlir.global internal constant @lobit_code_functions()
        {addr_space = 0 : i32, dso_local} : !llvm.array<1 x ptr> {
        %0 = llvm.mlir.undef : !llvm.array<1 x ptr>
        %1 = llvm.mlir.addressof @lobit_model : !llvm.ptr
        %2 = llvm.insertvalue %1, %0[0] : !llvm.array<1 x ptr>
        llvm.return %2 : !llvm.array<1 x ptr>
      }
      llvm.mlir.global internal constant @lobit_code_table()
        {addr_space = 0 : i32, dso_local} : !llvm.struct<(i32, i32, ptr)> {
        %0 = llvm.mlir.undef : !llvm.struct<(i32, i32, ptr)>
        %1 = llvm.mlir.constant(1 : i32) : i32
        %2 = llvm.insertvalue %1, %0[0] : !llvm.struct<(i32, i32, ptr)>
        %3 = llvm.mlir.constant(1 : i32) : i32
        %4 = llvm.insertvalue %3, %2[1] : !llvm.struct<(i32, i32, ptr)>
        %5 = llvm.mlir.addressof @lobit_code_functions : !llvm.ptr
        %6 = llvm.insertvalue %5, %4[2] : !llvm.struct<(i32, i32, ptr)>
        llvm.return %6 : !llvm.struct<(i32, i32, ptr)>
      }
      llvm.func @lobit_code_query(%abi: i32) -> !llvm.ptr {
        %0 = llvm.mlir.addressof @lobit_code_table : !llvm.ptr
        %1 = llvm.mlir.zero : !llvm.ptr
        %2 = llvm.mlir.constant(1 : i32) : i32
        %3 = llvm.icmp "eq" %abi, %2 : i32
        %4 = llvm.select %3, %0, %1 : i1, !llvm.ptr
        llvm.return %4 : !llvm.ptr
      }
    }
    ```
  }];
  let options = [Option<"indexBits", "index-bits", "unsigned", "64",
                        "bits of index: 64, or 32 for wasm32">];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::cf::ControlFlowDialect",
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
    "::mlir::vector::VectorDialect"];
}

#endif // LOBIT_PASSES_LOWER_PASSES_TD
