#include "apps/penstock/run/cache_command.hpp"
#include "apps/penstock/cli/client_help.hpp"
#include "apps/penstock/cli/help.hpp"
#include "apps/penstock/client/job_commands.hpp"
#include "apps/penstock/load/load_command.hpp"
#include "apps/penstock/map/map_command.hpp"
#include "apps/penstock/mock/mock_command.hpp"
#include "apps/penstock/serve/node_command.hpp"
#include "apps/penstock/cli/options.hpp"
#include "apps/penstock/run/run_command.hpp"
#include "apps/penstock/serve/serve_command.hpp"
#include "apps/penstock/client/submit_command.hpp"
#include "apps/penstock/client/top_command.hpp"
#include "apps/penstock/client/view_commands.hpp"
#include "config/environment.hpp"

#include <array>
#include <cstdio>
#include <iostream>
#include <new>
#include <string_view>

extern char** environ;

namespace {

using namespace penstock;

int dispatch(const cli::run_command& command, const config::environment& env) {
  if (command.help) {
    std::cout << cli::run_help() << std::flush;
    return 0;
  }
  return cli::run_main(command, env);
}

/// The commands of a cluster.
struct cluster_entry {
  std::string_view name;
  int (*run)(const cli::cluster_command&, const config::environment&);
  std::string (*help)();
};
constexpr std::array cluster_entries{
  cluster_entry{"serve", cli::serve_main, cli::serve_help},
  cluster_entry{"node", cli::node_main, cli::node_help},
  cluster_entry{"submit", cli::submit_main, [] { return cli::client_help("submit"); }},
  cluster_entry{"jobs", cli::jobs_main, [] { return cli::client_help("jobs"); }},
  cluster_entry{"status", cli::status_main, [] { return cli::client_help("status"); }},
  cluster_entry{"results", cli::results_main, [] { return cli::client_help("results"); }},
  cluster_entry{"cancel", cli::cancel_main, [] { return cli::client_help("cancel"); }},
  cluster_entry{"retry", cli::retry_main, [] { return cli::client_help("retry"); }},
  cluster_entry{"nodes", cli::nodes_main, [] { return cli::client_help("nodes"); }},
  cluster_entry{"lanes", cli::lanes_main, [] { return cli::client_help("lanes"); }},
  cluster_entry{"tenants", cli::tenants_main, [] { return cli::client_help("tenants"); }},
  cluster_entry{"top", cli::top_main, [] { return cli::client_help("top"); }},
};

int print(const std::string& text) {
  std::cout << text;
  if (!text.empty() && text.back() != '\n')
    std::cout << '\n';
  std::cout << std::flush;
  return 0;
}

int dispatch(const cli::cluster_command& command, const config::environment& env) {
  for (auto& entry : cluster_entries)
    if (entry.name == command.name)
      return command.help ? print(entry.help()) : entry.run(command, env);
  std::cerr << "penstock: " << command.name << " is not part of this build\n";
  return cli::exit_usage;
}

} // namespace

int main(int argc, char** argv) {
  const auto env = config::read_environment(environ);
  try {
    auto command = cli::parse({argv + 1, argv + argc}, env);
    if (!command) {
      const auto& text = command.error().context;
      std::cerr << (text.starts_with("penstock") ? "" : "penstock: ") << text << '\n';
      return cli::exit_usage;
    }
    if (auto* run = std::get_if<cli::run_command>(&*command))
      return dispatch(*run, env);
    if (auto* map = std::get_if<cli::map_command>(&*command))
      return cli::map_main(*map, env);
    if (auto* other = std::get_if<cli::other_command>(&*command))
      return other->name == "cache"  ? cli::cache_main(other->args, env)
             : other->name == "load" ? cli::load_main(other->args, env)
                                     : cli::mock_main(other->args);
    if (auto* cluster = std::get_if<cli::cluster_command>(&*command))
      return dispatch(*cluster, env);
    if (auto* config = std::get_if<cli::config_command>(&*command))
      return print(config->text);
    return print(std::get<cli::print_command>(*command).text);
  } catch (const std::bad_alloc&) {
    std::fputs("penstock: out of memory; lower --max-in-flight or --window-bytes\n", stderr);
    return 3;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "penstock: unexpected failure: %s\n", e.what());
    return 3;
  }
}
