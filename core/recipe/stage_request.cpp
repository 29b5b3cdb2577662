#include "core/recipe/stage_request.hpp"
#include "core/recipe/answer_json.hpp"
#include "core/base/base64.hpp"
#include "core/json/json_text.hpp"
#include "core/jsonl/jsonl.hpp"
#include "core/base/text.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace penstock::core {

namespace {

namespace json = boost::json;

/// The name of a schema in the form that providers accept: [A-Za-z0-9_-]{1,64}.
std::string schema_name(std::string_view stage) {
  constexpr size_t name_max = 64;
  std::string out{stage.substr(0, name_max)};
  std::ranges::replace_if(
    out,
    [](char c) {
      return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-');
    },
    '_');
  return out.empty() ? "answer" : out;
}

json::object message(std::string_view role, json::array parts) {
  return {{"role", role}, {"content", std::move(parts)}};
}

json::object message(std::string_view role, std::string_view text) {
  return {{"role", role}, {"content", text}};
}

json::object part_of(const document& d) {
  const auto url = [&] { return "data:" + d.media_type + ";base64," + base64_encode(d.data); };
  switch (d.kind) {
  case document_kind::file:
    return {{"type", "file"}, {"file", {{"filename", d.name}, {"file_data", url()}}}};
  case document_kind::image: return {{"type", "image_url"}, {"image_url", {{"url", url()}}}};
  case document_kind::text: break;
  }
  return {{"type", "text"},
          {"text", "<document name=\"" + d.name + "\">\n" + d.data + "\n</document>"}};
}

std::string schema_words(const schema_check& schema) {
  return "Answer with JSON only, without a code fence, that fits this JSON schema:\n" +
         json_text(schema.schema());
}

json::object response_format(const recipe_stage& stage) {
  return {{"type", "json_schema"},
          {"json_schema",
           {{"name", schema_name(stage.name)},
            {"strict", stage.schema->is_strict()},
            {"schema", stage.schema->schema()}}}};
}

} // namespace

result<std::vector<std::string>> document_names(const recipe_stage& stage, const row_scope& scope) {
  std::vector<std::string> names;
  for (auto& wanted : stage.documents) {
    auto text = wanted.render(scope);
    if (!text)
      return text.error();
    for (std::string_view rest = *text; !rest.empty();) {
      const auto end = rest.find('\n');
      const auto name = trim(rest.substr(0, end));
      if (!name.empty())
        names.emplace_back(name);
      rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    }
  }
  return names;
}

result<std::string> stage_body(const recipe_stage& stage, const row_scope& scope,
                               std::span<const document> documents,
                               std::string_view model_default) {
  auto system = stage.system.render(scope);
  if (!system)
    return system.error();
  auto prompt = stage.prompt.render(scope);
  if (!prompt)
    return prompt.error();
  if (is_blank(*prompt) && documents.empty())
    return error{errc::invalid_input, "the prompt is empty for this row"};
  if (stage.schema && stage.schema_in_prompt)
    *system += (system->empty() ? "" : "\n\n") + schema_words(*stage.schema);

  json::array messages;
  if (!is_blank(*system))
    messages.push_back(message("system", *system));
  if (documents.empty()) {
    messages.push_back(message("user", *prompt));
  } else {
    json::array parts;
    for (auto& d : documents)
      parts.push_back(part_of(d));
    if (!is_blank(*prompt))
      parts.push_back({{"type", "text"}, {"text", *prompt}});
    messages.push_back(message("user", std::move(parts)));
  }

  json::object body;
  if (const auto model = stage.model.empty() ? model_default : std::string_view{stage.model};
      !model.empty())
    body["model"] = model;
  body["messages"] = std::move(messages);
  for (auto& [key, value] : stage.parameters)
    body[key] = value;
  if (stage.schema && !stage.schema_in_prompt)
    body["response_format"] = response_format(stage);
  return json_text(body);
}

std::string correction_body(std::string_view body, std::string_view bad_answer,
                            std::string_view fault) {
  json::parse_options options;
  options.max_depth = 200;
  auto value = json::parse(body, {}, options);
  auto& messages = value.get_object()["messages"].get_array();
  // Thoughts are long, and no provider wants them back.
  const auto said = trim(without_thoughts(bad_answer));
  messages.push_back(message("assistant", said.empty() ? "(empty)" : said));
  messages.push_back(message("user", "This answer does not fit what was asked for:\n" +
                                       std::string{fault} +
                                       "\n\nAnswer again, whole, with JSON only."));
  return json_text(value);
}

request stage_request(std::string body, uint64_t index, std::string custom_id) {
  auto r = parse_request_line(body, index, 0); // A line may be the body itself.
  r.custom_id = std::move(custom_id);
  return r;
}

} // namespace penstock::core
