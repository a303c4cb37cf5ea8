#pragma once

#include "protocol/certificate/certificate.h"

/// The form of a certificate, said once for writing and reading. A form is anything with
///
///     form.member(name, value)              text, a number, a hash, …
///     form.list(name, values, items_max)
///     form.begin(name), form.end()          an object whose members follow
///
/// `C` is const for whoever writes.
namespace waag::certificate {

template <class Form, class C>
void file_members(Form& form, C& file) {
  form.member("path", file.path);
  form.member("sha256", file.sha256);
  form.member("size", file.size_bytes);
}

template <class Form, class C>
void tensor_members(Form& form, C& tensor) {
  form.member("name", tensor.name);
  form.member("type", tensor.type);
  form.list("shape", tensor.shape, rank_max);
  form.member("sqnr_db", tensor.sqnr_db);
  form.member("rel_rmse", tensor.rel_rmse);
  form.member("max_error", tensor.max_error);
  form.member("sha256", tensor.sha256);
}

template <class Form, class C>
void figure_members(Form& form, C& figures) {
  form.member("places", figures.places);
  form.member("perplexity_reference", figures.perplexity_reference);
  form.member("perplexity_other", figures.perplexity_other);
  form.member("ln_perplexity_ratio", figures.ln_perplexity_ratio);
  form.member("ln_perplexity_ratio_error", figures.ln_perplexity_ratio_error);
  form.member("kld_mean", figures.kld_mean);
  form.member("kld_error", figures.kld_error);
  form.member("kld_median", figures.kld_median);
  form.member("kld_p90", figures.kld_p90);
  form.member("kld_p99", figures.kld_p99);
  form.member("kld_p999", figures.kld_p999);
  form.member("kld_max", figures.kld_max);
  form.member("same_top", figures.same_top);
  form.member("next_mean", figures.next_mean);
  form.member("next_rms", figures.next_rms);
}

template <class Form, class C>
void evaluation_members(Form& form, C& of) {
  form.begin("text");
  form.member("id", of.text_id);
  form.member("sha256", of.text_sha256);
  form.end();
  form.member("tokenizer_sha256", of.tokenizer_sha256);
  form.member("context", of.context);
  form.member("tokens", of.tokens);
  figure_members(form, of.figures);
  form.list("blocks", of.blocks, blocks_max);
}

template <class Form, class C>
void gate_members(Form& form, C& of) {
  form.member("verdict", of.verdict);
  form.begin("limits");
  form.member("kld_mean", of.limits.kld_mean);
  form.member("kld_p99", of.limits.kld_p99);
  form.member("same_top", of.limits.same_top);
  form.member("ln_perplexity_ratio", of.limits.ln_perplexity_ratio);
  form.member("factor", of.limits.factor);
  form.end();
  form.list("reasons", of.reasons, reasons_max);
}

template <class Form, class C>
void origin_members(Form& form, C& of) {
  form.begin("source");
  form.member("repo", of.source_repo);
  form.member("commit", of.source_commit);
  form.list("files", of.source_files, files_max);
  form.end();
  form.begin("output");
  form.member("repo", of.output_repo);
  form.member("target", of.target);
  form.list("files", of.output_files, files_max);
  form.member("imatrix", of.imatrix);
  form.end();
  form.begin("tool");
  form.member("name", of.tool_name);
  form.member("version", of.tool_version);
  form.member("float", of.float_mode);
  form.end();
  form.begin("path");
  form.member("via", of.via);
  form.end();
}

/// All but "schema", which comes first.
template <class Form, class C>
void certificate_members(Form& form, C& of) {
  origin_members(form, of);
  form.list("tensors", of.tensors, tensors_max);
  form.begin("evaluation");
  evaluation_members(form, of);
  form.end();
  form.begin("gates");
  gate_members(form, of);
  form.end();
  form.begin("hardware");
  form.member("device", of.device);
  form.member("cpu", of.cpu);
  form.end();
  form.member("time", of.time);
  form.begin("hub");
  form.member("key", of.key);
  form.end();
}

}  // namespace waag::certificate
