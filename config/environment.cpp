#include "config/environment.hpp"

#include <string_view>

namespace penstock::config {

environment read_environment(const char* const* environ_block) {
  environment env;
  for (; environ_block && *environ_block; ++environ_block) {
    const std::string_view entry = *environ_block;
    const auto equals = entry.find('=');
    if (equals != std::string_view::npos && equals > 0)
      env.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return env;
}

} // namespace penstock::config
