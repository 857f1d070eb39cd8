#include <cstdio>
#include <lobit/runtime.hpp>

int main(int argc, char **argv) {
  lobit::rt::Error error;
  auto model = lobit::rt::Model::open(argc == 2 ? argv[1] : "", error);
  auto code = model ? lobit::rt::Code::bind(model, error) : lobit::rt::Code();
  auto session = code ? lobit::rt::Session::create(code, 0, error) : lobit::rt::Session();
  if (session && session.evalText("In the", error))
    session.generate(
        20,
        [](const lobit_piece &piece) {
          fwrite(piece.text, 1, piece.text_size, stdout);
          return false;
        },
        error);
  if (error)
    fprintf(stderr, "%s\n", error.message());
  return error.exitCode();
}
