#pragma once

namespace gemel::learning {

/// The loss: softmax cross-entropy of each query over the candidates of the global batch.
struct LossOptions {
  /// Logits are divided by it.
  float temperature = 1.0F;
  /// Subtract log(q) from every logit, q = the candidate's share of the training examples, so that popular candidates are
  /// not punished for being drawn as negatives more often.
  bool logq_correction = false;
  /// Do not count other examples of the batch with the query's own candidate as negatives.
  bool remove_accidental_hits = false;
};

/// Adagrad as Keras has it: accumulator += g^2; parameter -= learning_rate * g / sqrt(accumulator + epsilon).
struct AdagradOptions {
  float learning_rate = 0.1F;
  float initial_accumulator = 0.1F;
  float epsilon = 1e-7F;
};

}  // namespace gemel::learning
