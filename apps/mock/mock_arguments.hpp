#pragma once

#include "apps/mock/mock_options.hpp"
#include "core/base/error.hpp"

#include <string>
#include <vector>

namespace CLI {
class App;
}

/// The command line of a mock: `penstock mock ...`, and `--mock-options` of an upstream.
namespace penstock::mock {

/// What the command line says before it is understood.
struct mock_arguments {
  mock_options options;
  std::string limits = "none";
  std::string headers = "full";
  std::string latency = "0";
  std::vector<std::string> latencies;
  std::string output = "echo";
  std::string limit_window;
  std::string token_error_kind = "request";
  std::vector<std::string> faults;
  std::string fault_script;
  std::string stats_on_exit;
  bool no_ids = false;
  bool no_retry_after = false;
  bool keep_rejected = false;
};

/// Declares the options; `app` writes into `a`, which must live as long.
void add_options(CLI::App& app, mock_arguments& a);
/// Turns the words of the command line into `a.options`.
result<void> understand(mock_arguments& a);

/// The options of a mock from the words of a command line.
/// @returns `errc::invalid_config` with what is wrong.
result<mock_options> parse_mock_options(const std::vector<std::string>& args);

} // namespace penstock::mock
