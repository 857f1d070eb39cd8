// One compute thread: an instance of the module on the memory of the others, with a stack of
// its own. It waits in shared memory for work and does not come back to its event loop.
import { imports } from './module.js';
import { insideWorker, plainError } from './workers.js';

const post = await insideWorker(async ({ module, memory, index, stack }) => {
  try {
    const { exports } = await WebAssembly.instantiate(module, imports(memory));
    exports.__stack_pointer.value = stack;
    post({ ready: true });
    exports.lobit_wasm_work(index);
  } catch (error) {
    post({ error: plainError(error) });
  }
});
