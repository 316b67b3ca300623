#include "report/metrics_file.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace gemel::report {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const metering::TrafficBytes& bytes) {
  Json json;
  for (std::size_t i = 0; i < bytes.size(); ++i) json[std::string(metering::traffic_names[i])] = bytes[i];
  return json;
}

Json to_json(const PhaseSeconds& seconds) {
  Json json;
  for (std::size_t i = 0; i < seconds.size(); ++i) json[std::string(metering::phase_names[i])] = seconds[i];
  return json;
}

Json to_json(const plan::Plan& plan) {
  Json json = {{"memory", plan.total_memory()}, {"tables", Json::array()}};
  for (const plan::Plan::Table& table : plan.tables) {
    const bool is_sharded = table.placement == exchange::Placement::sharded;
    json["tables"].push_back({{"feature", table.shape.feature},
                              {"rows", table.shape.rows},
                              {"dim", table.shape.dim},
                              {"placement", is_sharded ? "sharded" : "replicated"},
                              {"memory", table.memory},
                              {"step_bytes", table.sent}});
  }
  for (std::size_t i = 0; i < plan.step_bytes.size(); ++i) {
    json["step_bytes"][std::string(metering::traffic_names[i])] = plan.step_bytes[i];
  }
  return json;
}

Json to_json(const MetricValues& metrics) {
  Json json = Json::object();
  for (const auto& [metric, value] : metrics) json[metric.key()] = value;
  return json;
}

}  // namespace

MetricsFile::MetricsFile(const std::string& path) : path_(path), file_(path, std::ios::app) {
  if (!file_) {
    throw base::UsageError(
        fmt::format("--metrics-file {}: cannot write this file: {}; give a path in a directory that "
                    "exists and is writable",
                    path, std::strerror(errno)));
  }
}

void MetricsFile::on_run(const RunReport& report) {
  has_validation_ = report.validation_examples > 0;
  if (report.resumed_from.empty()) {
    file_.close();
    file_.open(path_, std::ios::trunc);
  }
  Json settings = Json::object();
  for (const auto& [name, value] : report.settings) settings[name] = value;
  write({{"event", "run"},
         {"data", report.data},
         {"interactions", report.interactions},
         {"train_examples", report.train_examples},
         {"validation_examples", report.validation_examples},
         {"test_examples", report.test_examples},
         {"candidates", report.candidates},
         {"dense_parameters", report.dense_parameters},
         {"table_parameters", report.table_parameters},
         {"steps_per_epoch", report.steps_per_epoch},
         {"ranks", report.ranks},
         {"threads", report.threads},
         {"first_epoch", report.first_epoch},
         {"resumed_from", report.resumed_from},
         {"plan", to_json(report.plan)},
         {"settings", settings}});
}

void MetricsFile::on_epoch(const EpochReport& report) {
  write({{"event", "epoch"},
         {"epoch", report.epoch},
         {"step", report.step},
         {"loss", report.loss},
         {"seconds", report.seconds},
         {"examples_per_second", report.examples_per_second},
         {"phase_seconds", to_json(report.phases)},
         {"bytes", to_json(report.bytes)}});
}

void MetricsFile::on_validation(const ValidationReport& report) {
  // The test of a run that has validation examples comes once, at its end.
  Json event = {{"event", report.part == ingest::Part::test && has_validation_ ? "test" : "validation"},
                {"part", ingest::part_name(report.part)},
                {"epoch", report.epoch},
                {"step", report.step},
                {"loss", report.loss}};
  event.update(to_json(report.metrics));
  event["seconds"] = report.seconds;
  event["examples_per_second"] = report.examples_per_second;
  write(event);
}

void MetricsFile::on_checkpoint(const CheckpointReport& report) {
  write({{"event", "checkpoint"},
         {"epoch", report.epoch},
         {"step", report.step},
         {"path", report.path},
         {"seconds", report.seconds},
         {"waiting_seconds", report.waiting_seconds},
         {"bytes", report.bytes}});
}

void MetricsFile::on_summary(const SummaryReport& report) {
  Json event = {{"event", "summary"},
                {"part", ingest::part_name(report.part)},
                {"epoch", report.epoch},
                {"step", report.step},
                {"loss", report.loss}};
  event.update(to_json(report.metrics));
  if (!report.baselines.random.empty()) {
    event["popularity"] = to_json(report.baselines.popularity);
    event["random"] = to_json(report.baselines.random);
  }
  event["seconds"] = report.seconds;
  event["training_seconds"] = report.training_seconds;
  event["evaluation_seconds"] = report.evaluation_seconds;
  event["checkpoint_seconds"] = report.checkpoint_seconds;
  event["examples_per_second"] = report.examples_per_second;
  event["peak_memory"] = report.peak_memory;
  event["checkpoint"] = report.checkpoint;
  event["interrupted"] = report.interrupted;
  if (report.best) {
    event["best"] = {{"monitor", report.best->monitor},
                     {"value", report.best->value},
                     {"epoch", report.best->epoch},
                     {"step", report.best->step},
                     {"checkpoint", report.best->checkpoint}};
    event["stopped_early"] = report.stopped_early;
  }
  for (std::size_t i = 0; i < metering::phase_names.size(); ++i) {
    event["phase_seconds"][std::string(metering::phase_names[i])] = {
        {"min", report.phase_min[i]}, {"mean", report.phase_mean[i]}, {"max", report.phase_max[i]}};
    if (report.phase_flops[i] > 0) {
      event["flops_per_second"][std::string(metering::phase_names[i])] = report.phase_flops[i];
    }
    if (report.phase_overlap[i])
      event["overlap"][std::string(metering::phase_names[i])] = *report.phase_overlap[i];
  }
  event["bytes"] = to_json(report.bytes);
  write(event);
}

void MetricsFile::write(const Json& event) {
  // Paths may hold bytes that are not UTF-8: they are replaced, since JSON has no place for them.
  file_ << event.dump(-1, ' ', false, Json::error_handler_t::replace) << std::endl;
  if (file_ || has_failed_) return;
  has_failed_ = true;
  spdlog::warn("--metrics-file {}: cannot write any more ({}); the training goes on without it", path_,
               std::strerror(errno));
}

}  // namespace gemel::report
