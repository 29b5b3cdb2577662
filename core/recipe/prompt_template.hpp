#pragma once

#include "core/base/error.hpp"
#include "core/recipe/row_scope.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::core {

/// One tag of a template.
struct template_tag {
  enum class kind : uint8_t { variable, section, inverted, end } what = kind::variable;
  std::string name;  ///< A path for `row_scope::find`, or "." for the entry of a list.
  uint32_t line = 0; ///< Line inside the template, from 1.
};

/// A text with mustache tags: `{{column}}`, `{{stage.field}}`, `{{#list}}...{{.}}...{{/list}}`,
/// `{{^empty}}...{{/empty}}`, `{{! comment }}`. Nothing is escaped (prompts are no HTML, and bodies
/// are built as JSON values); a tag that holds braces in quotes, `{{'{{a}}'}}` or `{{"{{"}}`,
/// renders as what stands between the quotes; `{{{x}}}` and `{{&x}}` mean the same as `{{x}}`.
/// Partials and changed delimiters are refused. Lists and objects render as JSON. A section is
/// skipped for what is absent, null, false, an empty text or an empty list; entries of lists are
/// searched first for names inside.
///
/// Cheap to copy; one thread at a time may render it and its copies.
class prompt_template {
public:
  /// Renders to nothing.
  prompt_template() = default;
  /// @param where For messages: file, line and key ("grade.toml:12: stages[0].prompt").
  /// @returns `errc::invalid_config` with `where`, the line inside the template, and the remedy.
  static result<prompt_template> compile(std::string text, std::string where = {});

  /// The text for one row. Missing names give an empty text.
  /// @returns `errc::invalid_input` if it would grow beyond `rendered_max`.
  result<std::string> render(const row_scope& scope) const;
  /// Largest size of a rendered text in bytes.
  static constexpr size_t rendered_max = 32u << 20;

  bool empty() const noexcept;
  /// The source of the template.
  const std::string& text() const noexcept;
  /// Its place, as given.
  const std::string& where() const noexcept;
  /// All tags in order, for checks.
  std::span<const template_tag> tags() const noexcept;

private:
  struct compiled;
  std::shared_ptr<compiled> compiled_;
};

} // namespace penstock::core
