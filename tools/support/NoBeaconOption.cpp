/// \file
/// BeaconOption of a build without beacons.
#include "tools/support/BeaconOption.h"

namespace lobit {

struct BeaconOption::Impl {
  std::string tensor;
};

BeaconOption::BeaconOption(int, char **, const char *) : impl_(std::make_unique<Impl>()) {}
BeaconOption::~BeaconOption() = default;
void BeaconOption::add(CLI::App &) {}
Status BeaconOption::check(const CLI::App &) const { return {}; }
bool BeaconOption::isGiven() const { return false; }
const std::string &BeaconOption::tensor() const { return impl_->tensor; }
Status BeaconOption::observe(const rt::Model &, rt::Session &) { return {}; }
Status BeaconOption::start(const rt::Model &, const std::string &, uint64_t) { return {}; }
void BeaconOption::record(const float *) {}
Status BeaconOption::write() { return {}; }
Status BeaconOption::drift() const { return {}; }
BeaconOption::Result BeaconOption::result() const { return {}; }
std::string BeaconOption::line() const { return {}; }

} // namespace lobit
