#include "runtime/format/Status.h"

namespace lobit {

const char *statusText(StatusCode code) {
  switch (code) {
#define LOBIT_STATUS(NAME, value, exitCode, text)                                                  \
  case StatusCode::NAME:                                                                           \
    return text;
#include "runtime/format/StatusCodes.inc"
  }
  return "unknown status";
}

int statusExitCode(StatusCode code) {
  switch (code) {
#define LOBIT_STATUS(NAME, value, exitCode, text)                                                  \
  case StatusCode::NAME:                                                                           \
    return exitCode;
#include "runtime/format/StatusCodes.inc"
  }
  return 70;
}

} // namespace lobit
