#include "tests/support/net_namespace.hpp"

#include <unistd.h>

namespace penstock::test {

net_namespace::net_namespace()
    : name_{"penstock-" + std::to_string(::getpid())}, number_{::getpid() % 250 + 1} {
  if (::geteuid() != 0) {
    why_not_ = "only root may make network namespaces";
    return;
  }
  if (!run("ip netns add " + name_)) {
    why_not_ = last_words_;
    return;
  }
  for (const std::string cable : {"head", "mock"}) {
    const auto ours = "pk" + cable.substr(0, 1) + std::to_string(::getpid());
    if (!run("ip link add " + ours + " type veth peer name " + cable + " netns " + name_ +
             " && ip addr add " + our_address(cable) + "/24 dev " + ours + " && ip link set " +
             ours + " up && ip -n " + name_ + " addr add " + its_address(cable) + "/24 dev " +
             cable + " && ip -n " + name_ + " link set " + cable + " up")) {
      why_not_ = last_words_;
      return;
    }
  }
}

net_namespace::~net_namespace() {
  run("ip netns del " + name_); // This deletes the cables, too.
  for (const std::string cable : {"head", "mock"}) {
    run("ip route del blackhole " + its_address(cable));
    run("ip link del pk" + cable.substr(0, 1) + std::to_string(::getpid()));
  }
}

std::string net_namespace::side(const std::string& cable, int end) const {
  return (cable == "head" ? "10.213." : "10.214.") + std::to_string(number_) + "." +
         std::to_string(end);
}

command net_namespace::inside(command c) const {
  c.before =
    (c.before.empty() ? "" : c.before + "; ") + "exec ip netns exec " + name_ + " \"$0\" \"$@\"";
  return c;
}

void net_namespace::cut(const std::string& cable) {
  cut_to_it(cable);
  cut_from_it(cable);
}

void net_namespace::cut_to_it(const std::string& cable) {
  run("ip route add blackhole " + its_address(cable));
}

void net_namespace::cut_from_it(const std::string& cable) {
  run("ip -n " + name_ + " route add blackhole " + our_address(cable));
}

void net_namespace::heal(const std::string& cable) {
  run("ip route del blackhole " + its_address(cable));
  run("ip -n " + name_ + " route del blackhole " + our_address(cable));
}

bool net_namespace::run(const std::string& shell_words) {
  command c;
  c.args = {"/bin/sh", "-c", "PATH=$PATH:/usr/sbin:/sbin; " + shell_words};
  const auto end = run_to_end(std::move(c));
  if (end.code != 0)
    last_words_ = end.err;
  return end.code == 0;
}

} // namespace penstock::test
