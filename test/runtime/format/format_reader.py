"""A second reader of artifacts, written from docs/format.md alone: slow, without a line of
the C++ reader. It takes field offsets, layouts and targets from the tables of that page."""
import hashlib
import math
import pathlib
import re
import struct

PAGE = (pathlib.Path(__file__).resolve().parents[3] / "docs" / "format.md").read_text()
ALL_ONES = (1 << 64) - 1


def records():
    """{record: (size, {field: (offset, bytes)})}"""
    result = {}
    for name, size, body in re.findall(r"### (\w+), (\d+) bytes\n\n((?:\|.*\n)+)", PAGE):
        fields = re.findall(r"^\| (\d+) \| (\d+) \| (\w+) \|", body, re.M)
        result[name] = (int(size), {f: (int(o), int(b)) for o, b, f in fields})
    return result


def rows(name):
    body = re.search(rf"<!-- begin {name} -->\n(.*?)<!-- end", PAGE, re.S).group(1)
    return [[cell.strip().strip("`") for cell in line.split(" | ")]
            for line in body.replace("| ", "", 0).splitlines()[2:]]


RECORDS = records()
SECTIONS = {int(r[0].strip("| ")): r[1].strip("`") for r in rows("sections")}
SCHEMES = {int(r[0].strip("| ")): r[1].strip("`") for r in rows("schemes")}
LAYOUTS = {int(r[0].strip("| ")): (r[1].strip("`"), r[2].rstrip(" |")) for r in rows("layouts")}
TARGETS = {int(r[0].strip("| ")): (r[1].strip("`"), r[2], int(r[3]), int(r[4], 16))
           for r in rows("targets")}
ARCHITECTURES = {"X86_64": 1, "AArch64": 2, "Wasm32": 3}
GRANULE = {"row_major": (1, 1), "t2_dot": (4, 256), "t2_tl1": (32, 4), "i8_dot": (4, 64),
           "i6_pair24": (1, 64), "i6_tile": (32, 64), "t2_tile": (32, 16), "i8_tile": (32, 16),
           "i4_tile": (32, 16), "b3_tile": (32, 80)}
ELEMENT = {"f32": 4, "f16": 2, "bf16": 2, "int8": 1}


class Refused(Exception):
    pass


def require(condition, what):
    if not condition:
        raise Refused(what)


def H(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def u64(value):
    return struct.pack("<Q", value)


def tree_digest(content):
    leaves = [content[i:i + (1 << 20)] for i in range(0, len(content), 1 << 20)] or [b""]

    def top(part):
        if len(part) == 1:
            return H(b"\0", part[0])
        left = 1
        while left * 2 < len(part):
            left *= 2
        return H(b"\1", top(part[:left]), top(part[left:]))

    return H(b"\2", u64(len(content)), top(leaves))


def crc_step(value):
    for _ in range(8):
        value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value


CRC = [crc_step(byte) for byte in range(256)]


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ CRC[(crc ^ byte) & 255]
    return crc ^ 0xFFFFFFFF


def root_digest(data, table):
    header = bytearray(data[:4096])
    for field in ("headerCrc", "rootDigest"):
        offset, size = RECORDS["Header"][1][field]
        header[offset:offset + size] = bytes(size)
    return H(b"\3", u64(4096 + len(table)), bytes(header), table)


def header_crc(data):
    header = bytearray(data[:4096])
    offset, size = RECORDS["Header"][1]["headerCrc"]
    header[offset:offset + size] = bytes(size)
    return crc32c(header)


class Record:
    """record.field is the number (4 or 8 bytes), the bytes, or the list of dims."""

    def __init__(self, name, data):
        self._bytes, self._fields = RECORDS[name]
        require(len(data) >= self._bytes, f"{name}: short")
        self._data = data
        for field in self._fields:
            if field == "zero":
                require(not any(self.raw(field)), f"{name}: zero")

    def raw(self, field):
        offset, size = self._fields[field]
        return self._data[offset:offset + size]

    def __getattr__(self, field):
        raw = self.raw(field)
        if field == "dims":
            return list(struct.unpack("<8Q", raw))
        if len(raw) in (4, 8) and field != "magic":
            return int.from_bytes(raw, "little")
        return raw


class Reader:
    """Walks a section: records, words, then the pool."""

    def __init__(self, data):
        self.data, self.at, self.pool, self.pool_at = data, 0, b"", 0

    def record(self, name):
        result = Record(name, self.data[self.at:])
        self.at += RECORDS[name][0]
        return result

    def records(self, name, count):
        require(count * RECORDS[name][0] <= len(self.data) - self.at, f"{name}: count")
        return [self.record(name) for _ in range(count)]

    def words(self, count):
        size = (count + 1) // 2 * 8
        require(size <= len(self.data) - self.at, "words")
        part = self.data[self.at:self.at + size]
        require(not any(part[4 * count:]), "padding of words")
        self.at += size
        return list(struct.unpack(f"<{count}I", part[:4 * count]))

    def open_pool(self, size):
        self.pool = self.data[self.at:]
        require(len(self.pool) == size, "pool size")
        self.at = len(self.data)

    def name(self, offset, size):
        require(offset == self.pool_at and 1 <= size <= 255, "name place")
        raw = self.pool[offset:offset + size]
        require(len(raw) == size, "name beyond the pool")
        self.pool_at += size
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            raise Refused("name: UTF-8") from None
        require(not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in text), "name: control")
        return raw

    def end(self):
        require(self.at == len(self.data) and self.pool_at == len(self.pool), "rest")


def check_coding(r):
    scheme, (layout, _) = SCHEMES.get(r.scheme), LAYOUTS.get(r.layout, (None, None))
    require(scheme and layout, "scheme or layout")
    if scheme in ("f32", "f16", "bf16"):
        require(layout == "row_major" and r.granularity == 0 and r.scaleType == 0, "kept")
    elif scheme == "int6":
        require(layout in ("i6_pair24", "i6_tile") and r.granularity == 2 and r.scaleType == 1, "int6")
    elif scheme == "int4":
        require(layout == "i4_tile" and r.granularity == 2, "int4")
    elif scheme == "int8":
        require(layout in ("i8_dot", "i8_tile", "row_major") and r.granularity == 2, "int8")
    else:
        require(layout in ("t2_dot", "t2_tl1", "t2_tile", "b3_tile") and 1 <= r.granularity <= 3, "ternary")
    require(layout != "b3_tile" or r.granularity != 3, "b3_tile with groups")
    if scheme in ("int4", "int8", "ternary"):
        require(r.scaleType in (1, 2), "scale type")
    require(r.groupSize in ((32, 64, 128, 256) if r.granularity == 3 else (0,)), "group size")
    return scheme, layout


def dims_of(r, smallest, dynamic):
    require(smallest <= r.rank <= 8, "rank")
    dims = r.dims
    require(not any(dims[r.rank:]), "dims beyond the rank")
    dims = dims[:r.rank]
    product = 1
    for i, dim in enumerate(dims):
        if dynamic and i == 0 and dim == ALL_ONES:
            continue
        require(dim <= 1 << 40, "dim")
        product *= dim
        require(product <= 1 << 48, "elements")
    return dims


def read_metadata(data):
    r = Reader(data)
    head = r.record("Metadata")
    require(head.kind in (1, 2) and 1 <= head.maxRows <= 4096, "kind or rows")
    require(head.scratchBytes <= 1 << 42 and head.stateBytes <= 1 << 42, "memory")
    eos = r.words(head.eosCount)
    require(head.inputCount <= 1024 and head.outputCount <= 1024, "values")
    values = [r.records("Value", n) for n in (head.inputCount, head.outputCount)]
    linears = r.records("Linear", head.linearCount)
    r.open_pool(head.poolBytes)
    r.name(head.producerOffset, head.producerBytes)
    r.name(head.familyOffset, head.familyBytes)
    shapes = []
    for group in values:
        names = [r.name(v.nameOffset, v.nameBytes) for v in group]
        require(len(set(names)) == len(names), "names differ")
        require(all(v.type in (1, 2) for v in group), "type")
        shapes.append([(v.type, dims_of(v, 0, True)) for v in group])
    for linear in linears:
        check_coding(linear)
        require(linear.bias in (0, 1, 2, 3), "bias")
        require(linear.out <= 1 << 40 and getattr(linear, "in") <= 1 << 40, "linear dim")
        require(linear.out * getattr(linear, "in") <= 1 << 48, "linear elements")
    limits = {"vocab": 1 << 30, "hidden": 1 << 30, "layers": 1 << 16, "heads": 1 << 16,
              "kvHeads": head.heads, "headDim": 1 << 20, "intermediate": 1 << 30,
              "maxContext": 1 << 30}
    for field, limit in limits.items():
        value = getattr(head, field)
        require(1 <= value <= limit if head.kind == 1 else value == 0, field)
    require(head.bos == 0xFFFFFFFF or head.bos < head.vocab, "bos")
    require(all(id < head.vocab for id in eos), "eos")
    if head.kind == 1:
        require(shapes[0] == [(1, [ALL_ONES])], "inputs")
        require(shapes[1] == [(2, [ALL_ONES, head.vocab])], "outputs")
    else:
        require(shapes[1], "outputs")
    r.end()
    return head


def size_of(scheme, layout, dims):
    rows, columns = (dims[0], dims[1]) if len(dims) == 2 else (1, math.prod(dims))
    a, b = GRANULE[layout]
    elements = -(-rows // a) * a * (-(-columns // b) * b)
    if layout == "i6_tile":
        return elements * 7 // 16 + -(-rows // 32) * 128
    if scheme == "int6":
        return elements * 7 // 16
    if layout == "b3_tile":
        return elements // 5
    if layout == "i4_tile":
        return elements // 2
    return elements // 4 if scheme == "ternary" else elements * ELEMENT[scheme]


def read_tensors(data, weights):
    r = Reader(data)
    head = r.record("TensorTable")
    require(head.count <= 65536, "tensors")
    tensors = r.records("Tensor", head.count)
    r.open_pool(head.poolBytes)
    names = [r.name(t.nameOffset, t.nameBytes) for t in tensors]
    require(all(a < b for a, b in zip(names, names[1:])), "sorted names")
    ranges = []
    for t in tensors:
        scheme, layout = check_coding(t)
        require(t.layoutHash == H(LAYOUTS[t.layout][1].encode()), "layout hash")
        dims = dims_of(t, 1, False)
        require(scheme in ("f32", "f16", "bf16") or len(dims) <= 2, "rank of a quantized tensor")
        require(t.dataBytes == size_of(scheme, layout, dims), "data bytes")
        rows, columns = (dims[0], dims[1]) if len(dims) == 2 else (1, math.prod(dims))
        count = {0: 0, 1: 1, 2: rows, 3: rows * -(-columns // max(1, t.groupSize))}[t.granularity]
        require(t.scaleBytes == count * (2 if t.scaleType == 2 else 4), "scale bytes")
        require(t.scaleBytes or t.scaleOffset == 0, "scale offset")
        if t.aliasOf != 0xFFFFFFFF:
            require(t.aliasOf < len(tensors), "alias")
            owner = tensors[t.aliasOf]
            require(owner.aliasOf == 0xFFFFFFFF, "alias of an alias")
            for field in RECORDS["Tensor"][1]:
                if field not in ("nameOffset", "nameBytes", "aliasOf"):
                    require(t.raw(field) == owner.raw(field), f"alias: {field}")
            continue
        require(t.dataBytes or t.dataOffset == 0, "data offset")
        ranges += [x for x in ((t.dataOffset, t.dataBytes, t, True),
                               (t.scaleOffset, t.scaleBytes, t, False)) if x[1]]
    end = 0
    for offset, size, t, isData in sorted(ranges, key=lambda x: x[0]):
        require(offset == (end + 63) // 64 * 64, "tiling")
        require(offset + size <= len(weights), "beyond the weights")
        require(not any(weights[end:offset]), "gap")
        part = weights[offset:offset + size]
        if isData:
            check_codes(t, part)
        else:
            code, width = ("<H", 2) if t.scaleType == 2 else ("<I", 4)
            mask = 0x7C00 if width == 2 else 0x7F800000
            for (bits,) in struct.iter_unpack(code, part):
                require(bits & mask != mask, "scale")
        end = offset + size
    require(end == len(weights), "end of the weights")
    r.end()


def check_codes(t, data):
    """Every code valid, padding the code of zero, by the definitions of the layouts."""
    scheme, layout = SCHEMES[t.scheme], LAYOUTS[t.layout][0]
    if scheme in ("f32", "f16", "bf16"):
        return
    dims = t.dims[:t.rank]
    rows, columns = (dims[0], dims[1]) if len(dims) == 2 else (1, math.prod(dims))

    def put(row, column, valid, zero):
        require(valid, "code")
        require(zero or (row < rows and column < columns), "padding")

    if layout == "i6_pair24":
        for row in range(rows):
            size = len(data) // rows
            check_pairs(data[row * size:(row + 1) * size], columns)
        return
    if layout == "i6_tile":
        check_pair_tiles(data, rows, columns)
        return
    for at, byte in enumerate(data):
        if layout == "row_major":
            put(at // columns, at % columns, byte != 0x80, byte == 0)
        elif layout == "t2_tl1":
            steps = -(-columns // 4)
            block, rest = divmod(at, steps * 32)
            step, row = divmod(rest, 32)
            for half in range(2):
                index = byte >> 4 * half & 15
                require(index <= 8, "code")
                for i, code in enumerate((index // 3, index % 3)):
                    put(32 * block + row, 4 * step + 2 * half + i, True, code == 1)
        elif layout == "b3_tile":
            steps = -(-columns // 80) * 4
            block, rest = divmod(at, steps * 128)
            step, rest = divmod(rest, 128)
            row, j = divmod(rest, 4)
            t = byte & 63
            w = t % 7 * 4 + (byte >> 6)
            require(t != 63 and w != 27, "code")
            for p, code in enumerate((w % 3, w // 3 % 3, w // 9, t // 7 % 3, t // 21)):
                put(32 * block + row, 20 * step + 4 * p + j, True, code == 1)
        elif layout == "i4_tile":
            steps = -(-columns // 16) * 2
            block, rest = divmod(at, steps * 128)
            step, rest = divmod(rest, 128)
            row, j = divmod(rest, 4)
            for p in range(2):
                put(32 * block + row, 8 * step + 4 * p + j, True, byte >> 4 * p & 15 == 8)
        elif layout in ("t2_tile", "i8_tile"):
            columns_per_quad = 16 if layout == "t2_tile" else 4
            quads = -(-columns // 16) * 16 // columns_per_quad
            block, rest = divmod(at, quads * 128)
            quad, rest = divmod(rest, 128)
            row, j = divmod(rest, 4)
            if layout == "i8_tile":
                put(32 * block + row, 4 * quad + j, byte != 0, byte == 128)
                continue
            for p in range(4):
                code = byte >> 2 * p & 3
                put(32 * block + row, 16 * quad + 4 * p + j, code != 3, code == 1)
        else:
            width = 256 if layout == "t2_dot" else 64
            blocks = -(-columns // width)
            group, rest = divmod(at, blocks * 4 * 64)
            block, rest = divmod(rest, 4 * 64)
            row, j = divmod(rest, 64)
            if layout == "i8_dot":
                put(4 * group + row, 64 * block + j, byte != 0, byte == 128)
                continue
            for p in range(4):
                code = byte >> 2 * p & 3
                put(4 * group + row, 256 * block + 64 * p + j, code != 3, code == 1)


def check_pairs(row, columns):
    payload = len(row) // 7 * 6
    for chunk in range(payload // 3):
        nibble = row[payload + chunk // 2] >> 4 * (chunk % 2) & 15
        kept = (nibble % 4, nibble // 4)
        require(kept[0] < kept[1], "nibble")
        word = int.from_bytes(row[3 * chunk:3 * chunk + 3], "little")
        check_chunk([word >> 6 * i & 63 for i in range(4)], kept, chunk, columns)


def check_chunk(quad, kept, chunk, columns):
    used = [kept[half] for half in range(2) if quad[2 * half] or quad[2 * half + 1]]
    for i, value in enumerate(quad):
        column = 8 * chunk + 2 * kept[i // 2] + i % 2
        require(value == 0 or column < columns, "padding")
    lowest = [pair for pair in range(4) if pair not in used]
    require(kept == tuple(sorted(used + lowest[:2 - len(used)])), "pairs")


def check_pair_tiles(data, rows, columns):
    blocks = -(-columns // 64)
    for row in range(-(-rows // 32) * 32):
        tile, r = divmod(row, 32)
        start = tile * (128 + blocks * 896)
        total = 0
        for chunk in range(blocks * 8):
            block = start + 128 + chunk // 8 * 896
            mask = data[block + 768 + 4 * r + chunk % 8 // 2] >> 4 * (chunk % 2) & 15
            kept = tuple(p for p in range(4) if mask >> p & 1)
            require(len(kept) == 2, "mask")
            at = block + chunk % 8 // 2 * 192 + 4 * (r % 16)
            planes = [data[at + 64 * p:at + 64 * p + 4] for p in range(3)]
            plane = 2 * (chunk % 2) + r // 16
            quad = [planes[plane][i] >> 2 if plane < 3 else
                    sum((planes[p][i] & 3) << 2 * p for p in range(3)) for i in range(4)]
            quad = [u - 32 for u in quad]
            check_chunk(quad, kept, chunk, columns if row < rows else 0)
            total += sum(quad)
        require(int.from_bytes(data[start + 4 * r:start + 4 * r + 4], "little", signed=True) == total, "sum")


def read_kernels(data, isas, metadata):
    r = Reader(data)
    head = r.record("KernelTable")
    require(head.variantCount == len(isas), "variants")
    variants = r.records("Variant", head.variantCount)
    operations = r.records("Operation", head.operationCount)
    r.open_pool(head.poolBytes)
    following = 0
    hidden = 4 * metadata.maxRows * metadata.hidden
    for variant, isa in zip(variants, isas):
        require(variant.isa == isa and variant.first == following, "variant")
        require(not variant.hidden or hidden and (variant.hidden - 1) * 64 + hidden <= metadata.scratchBytes,
                "hidden state")
        following += variant.count
    require(following == len(operations), "operations")
    for op in operations:
        r.name(op.labelOffset, op.labelBytes)
        r.name(op.kernelOffset, op.kernelBytes)
        require(op.layout == 0 or op.layout in LAYOUTS, "layout")
    r.end()


def read_answers(data, metadata):
    r = Reader(data)
    head = r.record("AnswerTable")
    linears = r.records("LinearAnswer", head.linearCount)
    models = r.records("ModelAnswer", head.modelCount)
    tokens = r.words(head.tokenCount)
    for a in linears:
        require(1 <= a.function <= metadata.linearCount, "function")
        require(1 <= a.pattern <= 4 and 1 <= a.rows <= metadata.maxRows, "pattern or rows")
    following = 0
    for a in models:
        require(a.source in (1, 2) and a.firstToken == following, "answer")
        following += a.tokenCount
        if metadata.kind == 1:
            require(1 <= a.tokenCount <= metadata.maxContext and a.seed == 0, "tokens")
        else:
            require(a.tokenCount == 0, "tokens of a function")
    require(following == len(tokens), "token count")
    require(all(t < metadata.vocab for t in tokens), "token")
    r.end()


def check(data):
    """Raises Refused unless `data` is an artifact of format 1."""
    require(len(data) >= 4096 and data[:8].hex() == "894c42540d0a1a0a", "magic")
    header = Record("Header", data[:4096])
    require(header.major == 1 and header.headerCrc == header_crc(data), "major or CRC")
    require(header.incompatFeatures == 0 and header.headerBytes == 4096, "header")
    require(header.tableOffset == 4096 and header.sectionCount <= 1024, "table")
    require(header.fileBytes == len(data), "file size")
    table = data[4096:4096 + 96 * header.sectionCount]
    require(len(table) == 96 * header.sectionCount, "table size")
    require(header.rootDigest == root_digest(data, table), "root")
    end, before, code, content, isas = 4096 + len(table), (0, 0), 0, {}, []
    for i in range(header.sectionCount):
        s = Record("Section", table[96 * i:96 * i + 96])
        word = SECTIONS.get(s.type)
        require(s.flags <= 1 and (s.flags == 0 if word else s.flags == 1), "flags")
        require(s.log2Alignment in (6, 12, 14, 16), "alignment")
        alignment = 1 << s.log2Alignment
        require(s.offset == -(-end // alignment) * alignment, "offset")
        require(s.offset + s.size <= len(data), "size")
        require(not any(data[end:s.offset]), "gap")
        end = s.offset + s.size
        require(before < (s.type, s.isa) and (word == "code" or before[0] < s.type), "order")
        before = (s.type, s.isa)
        if word == "code":
            code += s.size
            isas.append(s.isa)
            if s.isa in TARGETS:
                _, arch, _, mask = TARGETS[s.isa]
                require(s.arch == ARCHITECTURES[arch] and s.cpuFeatures == mask, "target")
        else:
            require(s.arch == 0 and s.cpuFeatures == 0 and s.isa == 0, "target without code")
            require(word == "weights" or s.size <= 64 << 20, "section size")
        require(code <= 256 << 20, "code size")
        part = data[s.offset:end]
        require(s.digest == tree_digest(part), "digest")
        content.setdefault(word, part)
    require(end == len(data), "end")
    for word in ("metadata", "tensors", "code", "kernels", "known_answers", "weights"):
        require(word in content, f"no {word}")
    known = [TARGETS[isa] for isa in isas if isa in TARGETS]
    for _, arch, _, _ in known:
        require(any(a == arch and rank == 0 for _, a, rank, _ in known), "baseline")
    metadata = read_metadata(content["metadata"])
    read_tensors(content["tensors"], content["weights"])
    read_kernels(content["kernels"], isas, metadata)
    read_answers(content["known_answers"], metadata)


def reseal(data):
    """All digests right again, where they can be."""
    _, fields = RECORDS["Header"]
    (count,) = struct.unpack_from("<I", data, fields["sectionCount"][0])
    for i in range(min(count, (len(data) - 4096) // 96)):
        at = 4096 + 96 * i
        offset, size = struct.unpack_from("<QQ", data, at + RECORDS["Section"][1]["offset"][0])
        if offset <= len(data) and size <= len(data) - offset:
            data[at + 64:at + 96] = tree_digest(bytes(data[offset:offset + size]))
    table = bytes(data[4096:4096 + 96 * count]) if 96 * count <= len(data) - 4096 else b""
    data[64:96] = root_digest(data, table)
    struct.pack_into("<I", data, fields["headerCrc"][0], header_crc(data))
