#pragma once

#include "tests/support/process.hpp"

#include <string>
#include <vector>

namespace penstock::test {

/// A simulated machine for a process: a network namespace with two cables (veth pairs) to ours. It
/// needs root and a kernel that allows it; else `why_not` gives the reason.
///
/// The cable "head" goes from 10.213.N.1 (ours) to 10.213.N.2, the cable "mock" from 10.214.N.1 to
/// 10.214.N.2. N differs between tests that run at the same time. Each cable can be cut alone, in
/// both directions or in one.
class net_namespace {
public:
  net_namespace();
  ~net_namespace();
  net_namespace(const net_namespace&) = delete;
  net_namespace& operator=(const net_namespace&) = delete;

  /// Empty if the namespace exists.
  const std::string& why_not() const noexcept { return why_not_; }
  std::string our_address(const std::string& cable) const { return side(cable, 1); }
  std::string its_address(const std::string& cable) const { return side(cable, 2); }
  /// `c`, but run inside the namespace.
  command inside(command c) const;

  /// Cuts the cable in both directions. Connections do not notice.
  void cut(const std::string& cable);
  /// Cuts the direction from us.
  void cut_to_it(const std::string& cable);
  /// Cuts the direction to us.
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
