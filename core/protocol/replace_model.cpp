#include "core/protocol/replace_model.hpp"

#include "core/json/json_scan.hpp"

namespace penstock::core {

namespace {

/// The body with every member `model` replaced, or null if it has none.
payload spliced(const std::string& body, const std::string& model) {
  std::string out;
  size_t copied = 0;
  for (member_scanner scan{body}; scan.next();) {
    if (!scan.key_is("model"))
      continue;
    const auto at = static_cast<size_t>(scan.value().data() - body.data());
    out.append(body, copied, at - copied);
    append_json_string(out, model);
    copied = at + scan.value().size();
  }
  if (copied == 0)
    return {};
  out.append(body, copied);
  return make_payload(std::move(out));
}

} // namespace

request replace_model(const request& req, const std::string& model) {
  auto out = req;
  out.model = model;
  if (req.body)
    if (auto body = spliced(*req.body, model))
      out.body = std::move(body);
  const auto segment = "/models/" + req.model + ":";
  if (const auto at = out.url.find(segment); !req.model.empty() && at != std::string::npos)
    out.url.replace(at, segment.size(), "/models/" + model + ":");
  return out;
}

} // namespace penstock::core
