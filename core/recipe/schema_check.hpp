#pragma once

#include "core/base/error.hpp"

#include <boost/json/value.hpp>

#include <memory>
#include <optional>
#include <string>

namespace penstock::core {

/// A compiled JSON schema (draft 7, local references only). Compile once per stage; one thread at a
/// time may use it and its copies.
class schema_check {
public:
  /// @returns `errc::invalid_config` if it is not a schema, uses keywords that are not supported
  /// (draft 2019-09 and later), refers to other files, or refers to itself without end.
  static result<schema_check> compile(boost::json::value schema);

  /// The faults of `answer`, one per line with its path (`$.criteria[2].score: ...`), at most
  /// `faults_max` lines and `text_max` bytes; empty: it matches. The text is for the model.
  std::optional<std::string> check(const boost::json::value& answer) const;
  static constexpr size_t faults_max = 8;
  static constexpr size_t text_max = 2000;

  /// The schema as given.
  const boost::json::value& schema() const noexcept;
  /// Whether providers accept it as a strict schema: the root is an object, every object is closed
  /// (`additionalProperties: false`) with all its properties required, and no allOf, not, if.
  bool is_strict() const noexcept;

private:
  struct compiled;
  std::shared_ptr<compiled> compiled_;
};

} // namespace penstock::core
