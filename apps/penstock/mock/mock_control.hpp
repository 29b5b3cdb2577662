#pragma once

#include "core/base/error.hpp"
#include "core/load/load_script.hpp"
#include "core/load/load_verdict.hpp"

#include <memory>
#include <string>
#include <vector>

namespace penstock::cli {

/// Controls a running mock over HTTP and reads its counters. The mock may be in this process or
/// another. Blocks.
class mock_control {
public:
  /// @param origin "http://127.0.0.1:8080".
  explicit mock_control(std::string origin);
  ~mock_control();
  mock_control(const mock_control&) = delete;
  mock_control& operator=(const mock_control&) = delete;

  /// Resets its statistics.
  result<void> reset();
  /// Replaces all faults.
  result<void> set_faults(const std::vector<std::string>& faults);
  result<void> set_limits(const std::vector<std::pair<std::string, double>>& limits);
  /// Its counters. @param since The share of the limit is measured from here on.
  result<core::load_upstream> look(duration since);

private:
  struct wire;
  result<std::string> call(const std::string& method, const std::string& path, std::string body);
  std::string origin_;
  std::unique_ptr<wire> wire_;
};

} // namespace penstock::cli
