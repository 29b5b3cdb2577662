#pragma once

#include "tests/support/process.hpp"

#include <string>
#include <vector>

namespace penstock::test {

/// A machine of its own for a process: a network namespace with two cables to ours. Needs to be
/// root, and a kernel that lets us; else `why_not` says so.
///
/// One cable is called "head" and goes from 10.213.N.1 (ours) to 10.213.N.2, the other one "mock",
/// from 10.214.N.1 to 10.214.N.2; N tells namespaces of tests that run together apart. Each can be
/// cut by itself, both ways or one way.
class net_namespace {
public:
  net_namespace();
  ~net_namespace();
  net_namespace(const net_namespace&) = delete;
  net_namespace& operator=(const net_namespace&) = delete;

  /// Empty if the namespace is there.
  const std::string& why_not() const noexcept { return why_not_; }
  std::string our_address(const std::string& cable) const { return side(cable, 1); }
  std::string its_address(const std::string& cable) const { return side(cable, 2); }
  /// `c`, to be run there.
  command inside(command c) const;

  /// Nothing gets through the cable any more, either way; connections do not notice.
  void cut(const std::string& cable);
  /// Nothing that we send gets there; what it sends comes.
  void cut_to_it(const std::string& cable);
  /// Nothing that it sends gets here; what we send arrives there.
  void cut_from_it(const std::string& cable);
  void heal(const std::string& cable);

private:
  std::string side(const std::string& cable, int end) const;
  bool run(const std::string& shell_words);

  std::string name_;
  int number_ = 0;
  std::string why_not_, last_words_;
};

} // namespace penstock::test
