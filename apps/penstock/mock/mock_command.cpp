#include "apps/penstock/mock/mock_command.hpp"
#include "apps/mock/mock_arguments.hpp"
#include "apps/mock/mock_server.hpp"
#include "apps/penstock/mock/mock_help.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <fstream>
#include <iostream>

namespace penstock::cli {

namespace {

/// Blocks the signals that stop us, so that no thread but this one takes them.
sigset_t block_stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int s : {SIGINT, SIGTERM, SIGHUP})
    sigaddset(&set, s);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return set;
}

/// Fills `a`, which `app` points into. @throws CLI::ParseError
void parse_into(CLI::App& app, mock::mock_arguments& a, const std::vector<std::string>& args) {
  mock::add_options(app, a);
  app.set_help_all_flag("--help-all")->group("");
  app.footer(mock_footer());
  // CLI11 takes them from the back.
  app.parse(std::vector<std::string>{args.rbegin(), args.rend()});
}

constexpr const char* about =
  "Runs a mock LLM provider that speaks OpenAI, Anthropic, Gemini and Ollama, with limits, "
  "latency and faults to order.";

} // namespace

int mock_main(const std::vector<std::string>& args) {
  CLI::App app{about, "penstock mock"};
  mock::mock_arguments a;
  try {
    parse_into(app, a, args);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  if (auto r = mock::understand(a); !r) {
    std::cerr << "penstock mock: " << r.error().context << '\n';
    return 2;
  }
  const sigset_t stop_signals = block_stop_signals();
  auto server = mock::mock_server::start(std::move(a.options));
  if (!server) {
    std::cerr << "penstock mock: " << server.error().context << '\n';
    return 1;
  }
  std::cout << "listening on " << (*server)->origin() << std::endl;
  int taken = 0;
  sigwait(&stop_signals, &taken);
  (*server)->stop();
  if (!a.stats_on_exit.empty()) {
    std::ofstream file{a.stats_on_exit};
    file << (*server)->stats_json(0, true) << '\n';
    if (!file.flush()) {
      std::cerr << "penstock mock: cannot write " << a.stats_on_exit << '\n';
      return 1;
    }
  }
  return 0;
}

const command_entry mock_entry{
  .name = "mock",
  .summary =
    "Serve a provider that answers without a model, with the limits and faults you choose.",
  .form = {},
  .about = {}, // CLI11 writes the help from the options.
  .examples = {},
  .run = [](const command_entry&, const arguments& args,
            const config::environment&) { return mock_main(args); },
};

} // namespace penstock::cli
