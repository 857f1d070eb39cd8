export { LobitError, Status } from './errors.js';
export { hasRelaxedSimd, hasSharedMemory } from './module.js';
import { Model } from './model.js';
import { RemoteModel } from './remote.js';

/**
 * Loads a model compiled with quant-compile --target=wasm. In a page it runs in a worker, so
 * that the page stays alive; `worker` says otherwise.
 */
export function load(source, { worker = typeof document === 'object', ...options } = {}) {
  return worker ? RemoteModel.load(source, options) : Model.load(source, options);
}
