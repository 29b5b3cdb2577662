#pragma once

#include <boost/json/array.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::core {

/// The words of a failure without what differs from request to request: each run of digits becomes
/// N, each longer word of letters and digits becomes ID.
std::string normalized_cause(std::string_view words);

/// What to do about failures with this code (name of an `errc`) and status; empty: nothing that
/// holds for all of them. @param words The provider's.
std::string_view remedy_of(std::string_view code, int status, std::string_view words);

/// Failures that have the same cause.
struct failure_group {
  std::string cause;      ///< Code, status and normalised words: "server_error 500: Try again".
  uint64_t count = 0;     ///< Requests that ended like this.
  std::string example_id; ///< The first of them.
  std::string example;    ///< Its words.
  std::string remedy;     ///< What to do; empty: the words say it.
};

/// Groups failures by their cause. Keeps 20 causes, so the memory is bounded; it counts the rest.
class failure_groups {
public:
  static constexpr size_t causes_max = 20;

  /// @param code Name of the `errc`. @param status HTTP status of the last answer; 0: none came.
  void add(std::string_view id, std::string_view code, int status, std::string_view words);

  bool empty() const { return groups_.empty(); }
  /// Failures whose cause is not among the kept ones.
  uint64_t others() const { return others_; }
  /// The most frequent first.
  std::vector<failure_group> sorted() const;

  /// Lines of a summary, at most `shown` causes; empty if nothing failed.
  std::string text(size_t shown) const;
  /// [{"cause", "count", "example": {"custom_id", "message"}, "remedy"}].
  boost::json::array json() const;

private:
  std::vector<failure_group> groups_;
  uint64_t others_ = 0;
};

} // namespace penstock::core
