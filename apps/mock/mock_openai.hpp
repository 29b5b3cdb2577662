#pragma once

#include "apps/mock/mock_shape.hpp"

namespace penstock::mock {

/// Common parts of all endpoints of OpenAI: errors, refusals of the limiter, headers.
class openai_shape : public shape {
public:
  provider speaks() const override { return provider::openai; }
  std::string error_body(const provider_error& e, std::string_view id) const override;
  provider_error rejection(const admission& a, std::string_view model, double wait) const override;
  void headers(std::string& out, const limit_levels& levels, header_mode mode, std::string_view id,
               mock_random& r, std::chrono::system_clock::time_point now) const override;
};

} // namespace penstock::mock
