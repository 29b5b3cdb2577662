#include "apps/penstock/cli/help.hpp"
#include "apps/penstock/commands.hpp"
#include "config/environment.hpp"

#include <cstdio>
#include <new>

extern char** environ;

int main(int argc, char** argv) {
  using namespace penstock;
  const auto env = config::read_environment(environ);
  try {
    const auto chosen = cli::choose(cli::commands(), {argv + 1, argv + argc});
    if (!chosen)
      return cli::complain_usage(chosen.error());
    if (!chosen->entry)
      return cli::print_text(chosen->text);
    return chosen->entry->run(*chosen->entry, chosen->args, env);
  } catch (const std::bad_alloc&) {
    std::fputs("penstock: out of memory; lower --in-flight-max or --window-bytes\n", stderr);
    return 3;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "penstock: unexpected failure: %s\n", e.what());
    return 3;
  }
}
