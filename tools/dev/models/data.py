# SPDX-License-Identifier: Apache-2.0
"""Training rows cut from the token stream, a pure function of (seed, step).

The stream is all chapters, each followed by the end token.  One pass visits
every window of 512 tokens once, in random order and with a random shift.
Three steps in four use rows of 256 tokens, every fourth step rows of 512, so
that the model knows all positions of its context.  Each row starts with the
begin token.  Half of the rows start at the next line, as prompts do, the
others anywhere.  Half of the rows keep the end tokens, the others drop them,
so that plain files of several chapters are familiar too.
"""
import numpy as np

WINDOW = 512


def stream(path, tokenizer):
    """Return (tokens int16 [N], sorted positions of line starts)."""
    text = path.read_text(encoding="utf-8")
    ids = []
    for chapter in text.rstrip("\n").split("\n\n"):
        ids += tokenizer.encode(chapter + "\n\n") + [tokenizer.eos]
    ids = np.array(ids, np.int16)
    ends = [i for i, s in tokenizer.bytes.items() if s.endswith(b"\n")]
    starts = np.flatnonzero(np.isin(ids, ends + [tokenizer.eos])) + 1
    return ids, starts


class Rows:
    """Rows of the stream for each step."""

    def __init__(self, path, tokenizer, seed, windows):
        self.ids, self.starts = stream(path, tokenizer)
        self.bos, self.eos = tokenizer.bos, tokenizer.eos
        self.seed, self.windows = seed, windows
        self.per_pass = len(self.ids) // WINDOW - 2

    def order(self, number):
        """Return the window starts of pass `number`."""
        rng = np.random.default_rng([self.seed, number])
        shift = rng.integers(WINDOW)
        return shift + WINDOW * rng.permutation(self.per_pass)

    def batch(self, step):
        """Return (inputs, targets), both int64 [rows, T], for a step."""
        first = step * self.windows
        places = []
        for index in range(first, first + self.windows):
            number, item = divmod(index, self.per_pass)
            places.append(self.order(number)[item])
        size = WINDOW if step % 4 == 3 else WINDOW // 2
        rng = np.random.default_rng([self.seed, 1 << 20, step])
        rows = []
        for place in places:
            for start in range(place, place + WINDOW, size):
                rows.append(self.row(start, size, rng))
        rows = np.stack(rows)
        return rows[:, :-1], rows[:, 1:]

    def row(self, start, size, rng):
        """Return one row, int64 [size + 1], that begins near `start`."""
        at_line, keep_end = rng.integers(2, size=2)
        if at_line:
            start = self.starts[np.searchsorted(self.starts, start)]
        start = min(start, len(self.ids) - size - 64)
        row = self.ids[start:start + size + 64].astype(np.int64)
        if not keep_end:
            row = row[row != self.eos]
        return np.concatenate([[self.bos], row[:size]])


def heldout_rows(text, tokenizer, size):
    """Return (inputs, targets, bytes): the whole text in rows of `size`.

    The text is encoded as one piece; each row is the begin token followed by
    the next `size` tokens, all of which are predicted.  The last row is
    padded in the targets with -1.
    """
    ids = np.array(tokenizer.encode(text), np.int64)
    count = -(-len(ids) // size)
    targets = np.full(count * size, -1)
    targets[:len(ids)] = ids
    targets = targets.reshape(count, size)
    inputs = np.full_like(targets, tokenizer.bos)
    inputs[:, 1:] = np.maximum(targets[:, :-1], 0)
    return inputs, targets, len(text.encode())
