#include "actors/http/http_upload.hpp"

#include "core/api/multipart.hpp"
#include "core/io/file/wall_clock.hpp"

#include <charconv>
#include <map>
#include <optional>

namespace penstock::actors {

namespace {

constexpr size_t field_max = 64u << 10;
constexpr int64_t expires_min = 3600, expires_max = 2'592'000; // As OpenAI.

} // namespace

class http_upload : public io::http_body_sink, private core::multipart_reader::taker {
public:
  http_upload(std::unique_ptr<io::file_writer> writer, http_call call)
      : call_{std::move(call)}, writer_{std::move(writer)}, reader_{
                                                              call_.exchange.header("content-type"),
                                                              *this} {}

  bool is_form() const { return reader_.has_boundary(); }

  bool take(std::string_view part) override {
    if (!failed_ && !reader_.take(part))
      fail(core::bad_call("the body is not valid multipart/form-data", "file"));
    return true;
  }

  /// Lets go of the connection, which owns this sink, and of the file.
  void drop() {
    failed_ = true;
    call_ = {};
    writer_.reset();
  }

  void finish() {
    if (failed_)
      return;
    if (!reader_.is_complete())
      return fail(core::bad_call("the body ends before its last boundary", "file"));
    if (!filename_)
      return fail(core::bad_call("file is missing: a part with a filename", "file"));
    const auto& purpose = fields_["purpose"];
    if (purpose.empty())
      return fail(core::bad_call("purpose is missing, for example batch", "purpose"));
    core::api_file what;
    what.tenant = call_.owner.tenant;
    what.filename = *filename_;
    what.purpose = purpose;
    const auto now = io::wall_now();
    if (const auto& text = fields_["expires_after[seconds]"]; !text.empty()) {
      int64_t seconds = 0;
      const auto end = text.data() + text.size();
      const auto read = std::from_chars(text.data(), end, seconds);
      if (read.ec != std::errc{} || read.ptr != end || seconds < expires_min ||
          seconds > expires_max)
        return fail(core::bad_call("expires_after[seconds] is a number from 3600 to 2592000",
                                   "expires_after[seconds]"));
      what.expires = now + seconds;
    }
    const auto file = writer_->commit(std::move(what), now);
    if (!file)
      return fail(core::failure_of(file.error()));
    call_.answer(core::file_text(*file));
    drop();
  }

private:
  void begin(const std::string& name, const std::string& filename) override {
    name_ = name;
    is_file_ = !filename.empty() && name == "file";
    if (is_file_)
      filename_ = filename;
  }
  void data(std::string_view bytes) override {
    if (failed_)
      return;
    if (is_file_) {
      if (const auto written = writer_->write(bytes); !written)
        fail(core::failure_of(written.error()));
      return;
    }
    auto& field = fields_[name_];
    field += bytes;
    if (field.size() > field_max || fields_.size() > 100)
      fail(core::bad_call("a field of the form is too long", name_));
  }
  void end() override { is_file_ = false; }

  void fail(const core::api_failure& why) {
    call_.fail(why);
    drop();
  }

  http_call call_;
  std::unique_ptr<io::file_writer> writer_;
  core::multipart_reader reader_;
  std::map<std::string, std::string> fields_;
  std::optional<std::string> filename_;
  std::string name_;
  bool is_file_ = false;
  bool failed_ = false;
};

std::shared_ptr<http_upload> open_upload(std::shared_ptr<io::file_store> files,
                                         const http_call& call) {
  auto writer = files->create();
  if (!writer) {
    call.fail(writer.error());
    return nullptr;
  }
  auto upload = std::make_shared<http_upload>(std::move(*writer), call);
  if (upload->is_form())
    return upload;
  call.fail(
    core::bad_call("a file comes as multipart/form-data with the parts file and purpose", "file"));
  return nullptr;
}

std::shared_ptr<io::http_body_sink> body_sink_of(const std::shared_ptr<http_upload>& upload) {
  return upload;
}

void finish_upload(http_upload& upload) { upload.finish(); }

void drop_upload(http_upload& upload) { upload.drop(); }

} // namespace penstock::actors
