/* A model inside the program: no file, no loader. */
#include "model.h"
#include <stdio.h>

static int print(void *user, const lobit_piece *piece) {
  fwrite(piece->text, 1, piece->text_size, (FILE *)user);
  return 0;
}

int main(void) {
  lobit_model *model = NULL;
  lobit_code *code = NULL;
  lobit_session *session = NULL;
  lobit_error error = LOBIT_INIT(lobit_error);
  lobit_generate_options generate = LOBIT_INIT(lobit_generate_options);
  generate.max_tokens = 20;
  generate.callback = print;
  generate.user = stdout;
  if (lobit_model_open_embedded(&lobit_model_kjv_bitnet, NULL, &model, &error) ||
      lobit_code_bind(model, NULL, &code, &error) ||
      lobit_session_create(code, NULL, &session, &error) ||
      lobit_session_eval_text(session, "In the", 6, LOBIT_TEXT_AUTO_BOS, &error) ||
      lobit_session_generate(session, &generate, NULL, NULL, &error))
    fprintf(stderr, "%s\n", error.message);
  lobit_session_release(session);
  lobit_code_release(code);
  lobit_model_release(model);
  return error.status;
}
