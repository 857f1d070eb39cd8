#include "tools/support/Npy.h"

#include <gtest/gtest.h>

#include <cstring>

using namespace lobit;

namespace {

Result<NpyHeader> parse(const std::string &header, uint64_t dataBytes, int version = 1) {
  std::string bytes("\x93NUMPY", 6);
  bytes += char(version);
  bytes += '\0';
  bytes += char(header.size() & 255);
  bytes += char(header.size() >> 8);
  if (version > 1)
    bytes += std::string(2, '\0');
  bytes += header;
  return parseNpyHeader({reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()},
                        bytes.size() + dataBytes);
}

std::string refusal(const std::string &header, uint64_t dataBytes = 8) {
  Result<NpyHeader> result = parse(header, dataBytes);
  return result.ok() ? "accepted" : result.status().message();
}

TEST(Npy, RoundTrip) {
  for (std::vector<uint64_t> dims :
       {std::vector<uint64_t>{}, {3}, {2, 5}, {0, 4}, {1, 2, 3, 4, 5, 6, 7, 8}}) {
    std::string path = std::string(LOBIT_BINARY_DIR) + "/unittests/round_trip.npy";
    uint64_t count = 1;
    for (uint64_t dim : dims)
      count *= dim;
    std::vector<float> values;
    for (uint64_t i = 0; i < count; ++i)
      values.push_back(float(i) - 2.5f);
    ASSERT_TRUE(writeNpy(path, DataType::F32, dims, values.data()).ok());
    Result<NpyArray> array = readNpy(path);
    ASSERT_TRUE(array.ok()) << array.status().message();
    EXPECT_EQ(array->header.dims, dims);
    EXPECT_EQ(array->header.dataOffset % 64, 0u);
    ASSERT_EQ(array->words.size(), count);
    EXPECT_TRUE(count == 0 || memcmp(array->words.data(), values.data(), 4 * count) == 0);
  }
}

TEST(Npy, AcceptsWhatNumpyWrites) {
  Result<NpyHeader> header =
      parse("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }          \n", 8);
  ASSERT_TRUE(header.ok());
  EXPECT_EQ(header->dims, (std::vector<uint64_t>{2, 1}));
  EXPECT_TRUE(parse("{'shape':(2,),'descr':\"<i4\",'fortran_order':False}", 8, 3).ok());
  EXPECT_TRUE(parse("{'shape':(),'descr':'<i4','fortran_order':False}", 4, 2).ok());
}

TEST(Npy, Refuses) {
  const std::string end = ", 'fortran_order': False, 'shape': (2,)}";
  EXPECT_EQ(refusal("{'descr': '<f8'" + end), ".npy: the element type is '<f8', expected '<f4' or "
                                              "'<i4'; convert it with astype");
  EXPECT_EQ(refusal("{'descr': '|O'" + end).substr(0, 33), ".npy: the element type is '|O', e");
  EXPECT_EQ(refusal("{'descr': '<f4', 'fortran_order': True, 'shape': (2,)}"),
            ".npy: the data are in Fortran order; save a C-contiguous array");
  EXPECT_EQ(refusal("{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}"),
            ".npy: fortran_order is neither True nor False");
  EXPECT_EQ(refusal("{'descr': '<f4', 'fortran_order': False}"),
            ".npy: the header lacks descr, fortran_order or shape");
  EXPECT_EQ(refusal("{'descr': '<f4', 'descr': '<f4'" + end),
            ".npy: the header has the key 'descr' twice or it is not known");
  EXPECT_EQ(refusal("{'descr': '<f4'" + end + "x"),
            ".npy: something follows the header's dictionary");
  EXPECT_EQ(refusal("{'descr': '<f4'" + end, 9),
            ".npy: the shape needs 8 bytes of data, the file has 9");
  EXPECT_EQ(refusal("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}"),
            ".npy: the shape has something else than numbers");
  EXPECT_EQ(refusal("{'descr': '<f4', 'fortran_order': False, 'shape': 2}"),
            ".npy: the shape is no tuple");
  EXPECT_EQ(refusal("{'descr': '<f4', 'fortran_order': False, 'shape': (2"),
            ".npy: the shape has no end");
  EXPECT_EQ(refusal("{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}"),
            ".npy: more than 8 dimensions");
  EXPECT_EQ(refusal("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296,4294967296)}"),
            ".npy: the shape is too large");
  EXPECT_EQ(refusal("{'descr': '<f4', 'fortran_order': False, 'shape': (18446744073709551616,)}"),
            ".npy: the shape has something else than numbers");
  EXPECT_EQ(refusal("['descr']"), ".npy: the header does not begin with {");
  EXPECT_EQ(refusal("{'descr' '<f4'}"), ".npy: the header is no dictionary of strings");
  EXPECT_EQ(refusal("{'descr': '<f4'"), ".npy: the header has no end");
  EXPECT_EQ(refusal(std::string(4090, ' ')), ".npy: a header of 4090 bytes");
  std::string bytes("\x93NUMPY\x09\x00", 8);
  bytes += std::string(8, '\0');
  ByteView view{reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()};
  EXPECT_EQ(parseNpyHeader(view, 16).status().message(), ".npy: version 9, known are 1 to 3");
  view.size = 5;
  EXPECT_EQ(parseNpyHeader(view, 5).status().message(), ".npy: the file does not begin like one");
}

} // namespace
