#include "apps/penstock/cache_command.hpp"
#include "apps/penstock/help.hpp"
#include "apps/penstock/map_command.hpp"
#include "apps/penstock/mock_command.hpp"
#include "apps/penstock/options.hpp"
#include "apps/penstock/run_command.hpp"
#include "config/environment.hpp"

#include <cstdio>
#include <iostream>
#include <new>

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

int print(const std::string& text) {
  std::cout << text;
  if (!text.empty() && text.back() != '\n')
    std::cout << '\n';
  std::cout << std::flush;
  return 0;
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
      return other->name == "cache" ? cli::cache_main(other->args, env) : cli::mock_main(other->args);
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
