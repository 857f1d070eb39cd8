#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Learn the byte-level BPE vocabulary and write the tokenizer files."""
import argparse
import json
import pathlib

import bpe


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--text", type=pathlib.Path, required=True,
                        help="training text")
    parser.add_argument("--vocab-size", type=int, default=1024,
                        help="bytes + merges + two special tokens")
    parser.add_argument("--context", type=int, default=512,
                        help="model_max_length of tokenizer_config.json")
    parser.add_argument("--out", type=pathlib.Path, required=True,
                        help="folder for the two files")
    args = parser.parse_args()
    text = args.text.read_text(encoding="utf-8")
    merges = bpe.train(text, args.vocab_size)
    args.out.mkdir(parents=True, exist_ok=True)
    config = {
        "add_bos_token": True, "bos_token": bpe.BOS, "eos_token": bpe.EOS,
        "clean_up_tokenization_spaces": False,
        "model_input_names": ["input_ids", "attention_mask"],
        "model_max_length": args.context,
        "tokenizer_class": "PreTrainedTokenizerFast",
    }
    for name, data in (("tokenizer.json", bpe.tokenizer_json(merges)),
                       ("tokenizer_config.json", config)):
        with open(args.out / name, "w", encoding="utf-8") as file:
            json.dump(data, file, ensure_ascii=False, indent=1)
            file.write("\n")
    tokenizer = bpe.Tokenizer(args.out / "tokenizer.json")
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    print(f"{tokenizer.size} ids, {len(ids)} tokens, "
          f"{len(text.encode()) / len(ids):.3f} bytes per token")


if __name__ == "__main__":
    main()
