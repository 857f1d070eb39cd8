/// \file
/// Which ISAs this machine runs.
#ifndef LOBIT_TOOLS_QUANT_RUN_LISTISAS_H
#define LOBIT_TOOLS_QUANT_RUN_LISTISAS_H

#include <string>

namespace lobit {

/// Every ISA with whether its code runs here and, if not, why; a table or JSON.
std::string listIsas(bool json);

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_RUN_LISTISAS_H
