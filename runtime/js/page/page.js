import { load } from '../lobit/index.js';

const $ = (id) => document.getElementById(id);
let model = null;
let loading = null;
let writing = null;

/** What a person can do about each kind of failure. */
const advice = {
  DIGEST_MISMATCH: 'The file is damaged or was changed. Get it again.',
  MALFORMED: 'This file is no Lobit model, or it is damaged. Check the address and get it again.',
  OUT_OF_BOUNDS: 'The file is not complete. Get it again.',
  IO: 'Check the address. A page from another place must allow this one to read it (CORS).',
  UNSUPPORTED: 'Compile the model with quant-compile --target=wasm.',
  UNSUPPORTED_CPU: 'Use a newer browser.',
  UNSUPPORTED_VERSION: 'The model and this page are of different versions. Update the older one.',
  OUT_OF_MEMORY: 'Close other tabs, or choose a smaller model or context.',
  CONTEXT_FULL: 'Shorten the text.',
  INVALID_ARGUMENT: 'This cannot be used here.',
};

function showError(error) {
  const box = $('error');
  box.replaceChildren();
  box.hidden = !error;
  if (!error)
    return;
  const what = document.createElement('strong');
  what.textContent = advice[error.code] ?? 'Something went wrong.';
  const detail = document.createElement('span');
  detail.textContent = `${error.message} (${error.code ?? error.name})`;
  box.append(what, detail);
}

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
const say = (text) => $('status').textContent = text;

function showFacts({ verified, rootDigest, isa, threads, fileBytes, family, layers, hidden, vocab }) {
  $('fact-verified').textContent =
      `${verified === 'full' ? 'every byte' : verified}, digest ${rootDigest.slice(0, 12)}…`;
  $('fact-kernel').textContent = `${isa}, ${threads} thread${threads === 1 ? '' : 's'}`;
  $('fact-size').textContent = megabytes(fileBytes);
  $('fact-shape').textContent = `${family}: ${layers} layers of ${hidden}, ${vocab} tokens`;
  $('facts').hidden = false;
}

function setReady(ready) {
  $('generate').disabled = !ready;
  $('facts').hidden = !ready;
}

async function loadModel(source, name) {
  loading?.abort();
  writing?.abort();
  const control = loading = new AbortController();
  const isLatest = () => loading === control;
  showError(null);
  setReady(false);
  $('progress').hidden = false;
  $('bar').value = 0;
  say(`Loading ${name} …`);
  try {
    const previous = model;
    model = null;
    await previous?.dispose();
    const loaded = await load(source, {
      signal: control.signal,
      onProgress: ({ loaded, total, stage }) => {
        if (!isLatest())
          return;
        $('bar').value = loaded / total;
        say(stage === 'verifying' ? `Checking ${megabytes(total)} …`
                                  : `${megabytes(loaded)} of ${megabytes(total)}`);
      },
    });
    if (loaded.info.kind !== 'language-model') {
      await loaded.dispose();
      throw Object.assign(new Error('the file is a function, not a language model'),
                          { code: 'INVALID_ARGUMENT' });
    }
    if (!isLatest()) {
      await loaded.dispose();
      return;
    }
    model = loaded;
    say(`${name} is ready.`);
    showFacts(model.info);
    setReady(true);
  } catch (error) {
    if (!isLatest())
      return;
    say(error.code === 'CANCELLED' ? 'Loading was cancelled.' : 'No model is loaded.');
    if (error.code !== 'CANCELLED')
      showError(error);
  } finally {
    if (isLatest()) {
      loading = null;
      $('progress').hidden = true;
    }
  }
}

async function write() {
  if (!model || writing)
    return;
  const control = writing = new AbortController();
  const prompt = $('prompt').value;
  const start = document.createElement('span');
  start.className = 'prompt';
  start.textContent = prompt;
  const text = document.createTextNode('');
  $('output').replaceChildren(start, text);
  $('output').setAttribute('aria-busy', 'true');
  $('stop').disabled = false;
  $('generate').disabled = true;
  $('speed').textContent = '';
  showError(null);
  let tokens = 0;
  const before = performance.now();
  const showSpeed = () => {
    const seconds = (performance.now() - before) / 1000;
    $('speed').textContent = `${tokens} tokens, ${(tokens / seconds).toFixed(1)} tokens/s`;
  };
  try {
    const pieces = model.generate(prompt, {
      maxTokens: $('max-tokens').valueAsNumber || 120,
      temperature: $('temperature').valueAsNumber || 0,
      topK: $('top-k').valueAsNumber || 0,
      seed: $('seed').valueAsNumber || 0,
      signal: control.signal,
    });
    for await (const piece of pieces) {
      tokens += piece.token === null ? 0 : 1;
      text.data += piece.text;
      showSpeed();
    }
  } catch (error) {
    if (error.code !== 'CANCELLED')
      showError(error);
  } finally {
    writing = null;
    $('output').setAttribute('aria-busy', 'false');
    $('stop').disabled = true;
    $('generate').disabled = !model;
  }
}

$('load-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const address = $('url').value.trim();
  if (address)
    loadModel(address, address.split('/').pop());
});
$('file').addEventListener('change', () => {
  const [file] = $('file').files;
  if (file)
    loadModel(file, file.name);
});
$('cancel').addEventListener('click', () => loading?.abort());
$('generate-form').addEventListener('submit', (event) => {
  event.preventDefault();
  write();
});
$('stop').addEventListener('click', () => writing?.abort());

// ?model=ADDRESS loads at once.
const address = new URLSearchParams(location.search).get('model');
if (address) {
  $('url').value = address;
  loadModel(address, address.split('/').pop());
}
