#pragma once

#include "core/protocol/chat_request.hpp"

#include <utility>

namespace penstock::core {

/// Common parts of the writers of native chat bodies: the first fault counts, and consecutive
/// messages of one role become one message.
class request_writer {
protected:
  request_writer(const chat_request& chat, std::string_view native_path)
      : chat_{chat}, native_path_{native_path} {}

  void keep(std::optional<error> e) {
    if (e && !fault_)
      fault_ = std::move(e);
  }

  /// Refuses a member that the provider cannot express.
  void unsupported(const std::string& what) { keep(no_equivalent(what, native_path_)); }

  /// The tool message at `at` answers a call that no earlier message made.
  void unknown_call(size_t at) {
    keep(error{errc::invalid_input,
               "body: messages[" + std::to_string(at) + "].tool_call_id names no earlier call"});
  }

  bool only_system_messages() const {
    return std::all_of(chat_.messages.begin(), chat_.messages.end(),
                       [](auto& m) { return m.from == chat_message::role::system; });
  }

  /// Adds `parts` to the last turn if it has the same role, or else as a new turn.
  void add_turn(std::string_view from, boost::json::array parts) {
    if (!turns_.empty() && turns_.back().first == from)
      for (auto& part : parts)
        turns_.back().second.push_back(std::move(part));
    else
      turns_.emplace_back(from, std::move(parts));
  }

  result<boost::json::object> finish() {
    if (fault_)
      return *fault_;
    return std::move(out_);
  }

  const chat_request& chat_;
  std::string_view native_path_; ///< For error texts.
  boost::json::object out_;
  std::vector<std::pair<std::string_view, boost::json::array>> turns_;

private:
  std::optional<error> fault_;
};

} // namespace penstock::core
