#include "config/script/load_script.hpp"

#include "config/endpoint.hpp"
#include "config/script/load_parts.hpp"
#include "config/recipe/recipe_stage.hpp"
#include "core/base/suggest.hpp"
#include "config/text.hpp"

#include <algorithm>
#include <filesystem>
#include <cstdint>

namespace penstock::config {

namespace {

constexpr int64_t processes_max = 64;
constexpr size_t phases_max = 1000, tenants_max = 1000, actions_max = 1000;

/// Options that `load` sets itself, because only it knows the ports and files.
constexpr std::string_view own_options[]{"--listen", "--head", "--port", "--host"};

class script_reader {
public:
  explicit script_reader(const std::string& file) : file_{file} {}

  result<core::load_script> read(const toml_node& root) {
    toml_section top{file_, {}, root, faults_};
    script_.name = top.text("name").value_or(std::filesystem::path{file_}.stem().string());
    script_.description = top.text("description").value_or("");
    script_.model = top.text("model").value_or(script_.model);
    script_.seed = static_cast<uint64_t>(top.integer("seed", 0, INT64_MAX).value_or(1));
    read_engine(top);
    read_list(top, "processes", processes_max,
              [this](auto& s, auto& n, auto&) { read_process(s, n); });
    read_load(top);
    if (auto mix = read_mix(top, file_, "", faults_))
      script_.mix = *mix;
    read_list(top, "tenants", tenants_max, [this](auto& s, auto& n, auto& path) {
      auto tenant = read_tenant(s, file_, path, faults_);
      if (script_.find_tenant(tenant.name))
        s.refuse("name", n.find("name"), in_quotes(tenant.name) + " is an earlier tenant, too");
      script_.tenants.push_back(std::move(tenant));
    });
    if (script_.tenants.empty()) {
      script_.tenants.emplace_back();
      script_.tenants.back().requests.min = 1;
    } else if (std::ranges::all_of(script_.tenants, [](auto& t) { return t.weight <= 0; })) {
      top.refuse("tenants", top.any("tenants"), "need a weight above 0 for one of them");
    }
    read_list(top, "phases", phases_max, [this](auto& s, auto&, auto& path) {
      script_.phases.push_back(read_phase(s, file_, path, faults_));
      if (auto& name = script_.phases.back().name; name.empty())
        name = "phase " + std::to_string(script_.phases.size());
    });
    if (script_.phases.empty())
      top.refuse("phases", nullptr, "must hold at least one: write [[phases]], duration and rate");
    read_list(top, "actions", actions_max, [this](auto& s, auto& n, auto& path) {
      auto action = read_action(s, file_, path, faults_);
      check_action(s, n, action);
      script_.actions.push_back(std::move(action));
    });
    std::ranges::stable_sort(script_.actions, {}, &core::load_action::at);
    read_expect(top);
    top.refuse_others("a load script");
    if (!faults_.empty())
      return error{errc::invalid_config, faults_};
    return std::move(script_);
  }

private:
  template <class Read>
  void read_list(toml_section& top, const std::string& name, size_t count_max, Read read) {
    auto list = top.any(name);
    if (!list)
      return;
    if (list->what != toml_node::kind::list || !std::ranges::all_of(list->members, [](auto& m) {
          return m.what == toml_node::kind::table;
        }))
      return top.refuse(name, list, "must be tables: write [[" + name + "]]");
    if (list->members.size() > count_max)
      return top.refuse(name, list, "must be at most " + std::to_string(count_max));
    for (size_t i = 0; i < list->members.size(); ++i) {
      const auto path = name + "[" + std::to_string(i) + "]";
      toml_section section{file_, path, list->members[i], faults_};
      read(section, list->members[i], path);
    }
  }

  void read_engine(toml_section& top) {
    auto node = top.table("engine");
    if (!node)
      return;
    toml_section engine{file_, "engine", *node, faults_};
    script_.engine_options = engine.texts("options").value_or(std::vector<std::string>{});
    script_.head = engine.text("head").value_or("");
    script_.mock = engine.text("mock").value_or("");
    if (engine.any("head") && !parse_endpoint(script_.head))
      engine.refuse("head", node->find("head"), "must be HOST:PORT, is " + in_quotes(script_.head));
    if (engine.any("mock") && !script_.mock.starts_with("http://"))
      engine.refuse("mock", node->find("mock"),
                    "must be the origin of a penstock mock such as "
                    "\"http://127.0.0.1:8080\", is " +
                      in_quotes(script_.mock));
    engine.refuse_others("an engine");
  }

  void read_process(toml_section& section, const toml_node& node) {
    constexpr std::string_view roles[]{"mock", "head", "node"};
    core::load_process process;
    if (!section.any("role"))
      section.refuse("role", nullptr, "is missing: mock, head or node");
    else if (auto word = section.choice("role", roles))
      process.role = *word == "mock"   ? core::load_role::mock
                     : *word == "head" ? core::load_role::head
                                       : core::load_role::node;
    process.name = section.text("name").value_or(std::string{to_string(process.role)});
    if (process.name.empty() || process.name.find('/') != std::string::npos)
      section.refuse("name", node.find("name"), "must be a name without a slash");
    process.options = section.texts("options").value_or(process.options);
    for (auto& word : process.options)
      for (auto own : own_options)
        if (word == own || word.starts_with(std::string{own} + "="))
          section.refuse("options", node.find("options"),
                         "must not hold " + std::string{own} +
                           ": the load chooses ports and connects its processes");
    process.start = section.boolean("start").value_or(true);
    const auto count = section.integer("count", 1, processes_max).value_or(1);
    if (process.role == core::load_role::head && (count > 1 || script_.head_process()))
      section.refuse("role", node.find("role"), "must be \"head\" once: a cluster has one");
    const auto name = process.name;
    for (int64_t i = 1; i <= count; ++i) {
      if (count > 1)
        process.name = name + "-" + std::to_string(i);
      if (std::ranges::find(script_.processes, process.name, &core::load_process::name) !=
          script_.processes.end())
        section.refuse("name", node.find("name"),
                       in_quotes(process.name) + " is the name of an earlier process, too");
      script_.processes.push_back(process);
    }
    section.refuse_others("a process");
    if (!script_.head.empty() && process.role == core::load_role::head)
      section.refuse("role", node.find("role"),
                     "must not be \"head\": engine.head names one that runs already");
  }

  void read_load(toml_section& top) {
    auto node = top.table("load");
    if (!node)
      return;
    toml_section load{file_, "load", *node, faults_};
    constexpr int64_t outstanding_top = 10'000'000;
    script_.outstanding_max =
      static_cast<uint64_t>(load.integer("outstanding_max", 1, outstanding_top)
                              .value_or(static_cast<int64_t>(script_.outstanding_max)));
    script_.timeout = read_span(load, "timeout").value_or(script_.timeout);
    if (script_.timeout < std::chrono::milliseconds{100})
      load.refuse("timeout", node->find("timeout"), "must be at least 100 ms");
    script_.drain = read_span(load, "drain").value_or(script_.drain);
    constexpr std::string_view ends[]{"wait", "cancel"};
    if (load.choice("at_end", ends) == "cancel")
      script_.at_end = core::load_end::cancel;
    load.refuse_others("[load]");
  }

  void check_action(toml_section& section, const toml_node& node, core::load_action& action) {
    using core::load_deed;
    if (action.deed == load_deed::submit) {
      if (action.tenant.empty())
        action.tenant = script_.tenants.front().name;
      else if (!script_.find_tenant(action.tenant))
        section.refuse("tenant", node.find("tenant"), names_nobody(action.tenant, script_.tenants));
      return;
    }
    const bool of_mock = action.deed == load_deed::faults || action.deed == load_deed::limits;
    const auto found =
      std::ranges::find(script_.processes, action.process, &core::load_process::name);
    if (found == script_.processes.end()) {
      if (!action.process.empty())
        section.refuse("process", node.find("process"),
                       names_nobody(action.process, script_.processes));
      else if (!of_mock)
        section.refuse("process", nullptr, "is missing: whom shall it happen to?");
    } else if (of_mock && found->role != core::load_role::mock) {
      section.refuse(
        "process", node.find("process"),
        "must be a mock: the limits of heads and nodes are settings, read at their start");
    }
  }

  template <class List>
  static std::string names_nobody(const std::string& name, const List& list) {
    std::vector<std::string> names;
    for (auto& entry : list)
      names.push_back(entry.name);
    return "is none of the script's: " + in_quotes(name) +
           core::did_you_mean(core::nearest(name, names));
  }

  void read_expect(toml_section& top) {
    // Defaults of every load; a script may change them.
    script_.expectations = {{"lost", "", 0},
                            {"duplicates", "", 0},
                            {"order_violations", "", 0},
                            {"processes_died", "", 0}};
    auto node = top.table("expect");
    if (!node)
      return;
    toml_section expect{file_, "expect", *node, faults_};
    script_.share_since = read_span(expect, "share_since").value_or(duration{});
    std::vector<core::load_expectation> said;
    read_expectations(expect, *node, "", said);
    if (auto tenants = expect.table("tenants"))
      for (auto& member : tenants->members) {
        const auto path = "expect.tenants." + member.key;
        if (member.what != toml_node::kind::table || !script_.find_tenant(member.key)) {
          expect.refuse("tenants." + member.key, &member,
                        member.what != toml_node::kind::table
                          ? "must be a table"
                          : names_nobody(member.key, script_.tenants));
          continue;
        }
        toml_section section{file_, path, member, faults_};
        read_expectations(section, member, member.key, said);
      }
    for (auto& e : said) {
      std::erase_if(script_.expectations,
                    [&](auto& old) { return old.metric == e.metric && old.tenant == e.tenant; });
      script_.expectations.push_back(e);
    }
    expect.refuse_others("expectations");
  }

  const std::string& file_;
  core::load_script script_;
  std::string faults_;
};

/// Checks that need all parts.
std::string contradiction(const core::load_script& s) {
  const bool nodes = std::ranges::find(s.processes, core::load_role::node,
                                       &core::load_process::role) != s.processes.end();
  if (nodes && !s.head_process() && s.head.empty())
    return "nodes need a head: add a process with role = \"head\", or engine.head";
  const auto head = s.head_process();
  if (head && !head->start)
    return "the head must start before the load: leave start = false out";
  return {};
}

} // namespace

result<core::load_script> parse_load_script(std::string_view text, const std::string& name) {
  auto root = parse_toml_tree(text, name);
  if (!root)
    return root.error();
  auto script = script_reader{name}.read(*root);
  if (script)
    if (auto wrong = contradiction(*script); !wrong.empty())
      return error{errc::invalid_config, name + ": " + wrong};
  return script;
}

result<core::load_script> read_load_script(const std::string& path) {
  auto text = read_text_file(path, "the load script");
  if (!text)
    return text.error();
  return parse_load_script(*text, path);
}

} // namespace penstock::config
