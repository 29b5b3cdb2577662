#include "apps/penstock/map/map_sample.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace penstock::cli {

namespace json = boost::json;

namespace {

/// Bytes per input token before the first answer (design, section 5).
constexpr double bytes_per_token = 3.5;

/// Texts of the messages of a request; for documents and images, only their names.
std::string messages_text(const json::object& body) {
  std::string out;
  const auto* messages = body.if_contains("messages");
  if (!messages || !messages->is_array())
    return out;
  for (auto& message : messages->get_array()) {
    out += "--- " + json::value_to<std::string>(message.at("role")) + "\n";
    const auto& content = message.at("content");
    if (content.is_string()) {
      out += json::value_to<std::string>(content) + "\n";
      continue;
    }
    if (content.is_array())
      for (auto& part : content.get_array()) {
        const auto* text = part.is_object() ? part.get_object().if_contains("text") : nullptr;
        if (text && text->is_string())
          out += json::value_to<std::string>(*text) + "\n";
        else if (part.is_object() && part.get_object().contains("type"))
          out += "[" + json::value_to<std::string>(part.at("type")) + ": " +
                 std::to_string(json::serialize(part).size()) + " bytes]\n";
      }
  }
  return out;
}

} // namespace

result<std::string> check_text(const core::recipe& recipe, const map_input& input,
                               const map_scan& scan, recipe_script& script, bool as_json) {
  core::map_row row;
  for (;;) {
    auto more = script.next(row);
    if (!more)
      return more.error();
    if (!*more)
      return error{errc::invalid_input, input.name() + " has no row that can be used"};
    if (!row.fault && !row.blank)
      break;
  }
  auto request = script.compose(row, 0, nullptr, "check");
  if (!request)
    return request.error();
  const auto body = json::parse(*request->body);
  const auto tokens =
    static_cast<uint64_t>(static_cast<double>(request->body->size()) / bytes_per_token);
  if (as_json) {
    json::object o{{"rows", scan.rows},
                   {"rows_to_run", scan.rows_to_run},
                   {"faulty_rows", scan.faulty},
                   {"groups", scan.groups.names.size()},
                   {"estimated_input_tokens", tokens},
                   {"first_row", row.index + 1},
                   {"first_request", body},
                   {"first_notes", json::value_from(row.notes)}};
    auto& stages = o["stages"].emplace_array();
    for (auto& s : recipe.stages)
      stages.emplace_back(s.name);
    return json::serialize(o) + "\n";
  }
  std::string stages;
  for (auto& s : recipe.stages)
    stages += (stages.empty() ? "" : " -> ") + s.name;
  auto out = fmt::format("recipe   {} ({}): {}\ninput    {}: {} rows", recipe.name, recipe.file,
                         stages, input.name(), count_text(scan.rows));
  if (scan.rows_to_run < scan.rows)
    out += fmt::format(", {} of them to run", count_text(scan.rows_to_run));
  if (scan.faulty > 0)
    out += fmt::format(", {} cannot be used", count_text(scan.faulty));
  out += fmt::format("\ngroups   {}\n", scan.groups.names.size());
  for (auto& fault : scan.faults)
    out += "  " + fault + "\n";
  out +=
    fmt::format("\nThe first request (stage {}, row {}, about {} input tokens{}):\n",
                recipe.stages[0].name, row.index + 1, count_text(tokens),
                request->output_tokens_max > 0 ? fmt::format(", at most {} output tokens",
                                                             count_text(request->output_tokens_max))
                                               : "");
  for (auto& note : row.notes)
    out += "  note: " + note + "\n";
  out += messages_text(body.as_object());
  if (const auto* model = body.as_object().if_contains("model"))
    out += "--- model\n" + json::serialize(*model) + "\n";
  if (recipe.stages[0].schema)
    out += "--- schema\n" + json::serialize(recipe.stages[0].schema->schema()) + "\n";
  return out + "\nNothing was sent.\n";
}

core::map_projection project_rest(const map_view& view,
                                  const std::vector<core::projected_lane>& lanes,
                                  uint32_t in_flight_max) {
  return core::project(view.status.samples, rows_done(view),
                       view.rows_in_input - std::min(view.rows_in_input, view.rows), lanes,
                       in_flight_max);
}

std::string projection_text(const core::map_projection& p, uint64_t sampled) {
  if (p.rows == 0)
    return "The sample was the whole table.\n";
  return fmt::format(
    "If the other {} rows are like these {}: {} requests, {} input and {} output tokens, {}, "
    "about {} (bound by {}).\nThe answers of the sample are kept; the same command without "
    "--sample goes on with them.\n",
    count_text(p.rows), count_text(sampled), count_text(p.requests), count_text(p.input_tokens),
    count_text(p.output_tokens),
    p.cost ? fmt::format("{:.4f} dollars", *p.cost) : "cost unknown (no prices)", span_text(p.time),
    p.bound_by);
}

std::string with_projection(std::string summary, const core::map_projection& p) {
  auto o = json::parse(summary).as_object();
  o["projection"] = json::object{{"rows", p.rows},
                                 {"requests", p.requests},
                                 {"input_tokens", p.input_tokens},
                                 {"output_tokens", p.output_tokens},
                                 {"cost", p.cost ? json::value(*p.cost) : json::value(nullptr)},
                                 {"seconds", to_seconds(p.time)},
                                 {"bound_by", p.bound_by}};
  return json::serialize(o);
}

} // namespace penstock::cli
