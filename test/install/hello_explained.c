/* The same as hello_terse.c, with every step explained and every choice made visible. */
#include <lobit/runtime.h>
#include <stdio.h>
#include <string.h>

/* Called for each token. Text arrives as whole UTF-8 characters. Nonzero would stop. */
static int onPiece(void *user, const lobit_piece *piece) {
  FILE *out = (FILE *)user;
  fwrite(piece->text, 1, piece->text_size, out);
  fflush(out);
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: hello_explained model.lobit\n");
    return 2;
  }

  /* Every struct starts with its size, so that a newer library knows what an older
   * program means. The error struct is yours; it is filled when a call fails. */
  lobit_error error = LOBIT_INIT(lobit_error);
  lobit_model *model = NULL;
  lobit_code *code = NULL;
  lobit_session *session = NULL;

  /* 1. Open. The file is mapped and checked; nothing of it is executed. Copying takes
   *    memory, but then nobody can change the bytes under you. */
  lobit_load_options load = LOBIT_INIT(lobit_load_options);
  load.mode = LOBIT_LOAD_MAP;
  load.verify = LOBIT_VERIFY_FULL;
  if (lobit_model_open_file(argv[1], &load, &model, &error))
    goto done;
  lobit_model_info info = LOBIT_INIT(lobit_model_info);
  lobit_model_get_info(model, &info);
  printf("%s model, %llu tokens, context %llu\n", info.family, (unsigned long long)info.vocab,
         (unsigned long long)info.max_context);

  /* 2. Bind code. The file holds the same program for several instruction sets; the
   *    best one for this CPU is taken unless you name one. */
  for (uint32_t i = 0; i < info.variant_count; ++i) {
    lobit_variant_info variant = LOBIT_INIT(lobit_variant_info);
    lobit_model_get_variant(model, i, &variant);
    printf("code for %s: %s\n", variant.isa, variant.runnable ? "runs here" : "not on this CPU");
  }
  lobit_code_options bind = LOBIT_INIT(lobit_code_options);
  bind.trust = LOBIT_TRUST_INTEGRITY;
  if (lobit_code_bind(model, &bind, &code, &error))
    goto done;

  /* 3. A session: one conversation. It allocates all its memory here, once. Many
   *    sessions share one model. */
  lobit_session_options options = LOBIT_INIT(lobit_session_options);
  options.threads = 2;
  if (lobit_session_create(code, &options, &session, &error))
    goto done;
  lobit_sampling sampling = LOBIT_INIT(lobit_sampling);
  sampling.temperature = 0.7f;
  sampling.top_k = 40;
  sampling.seed = 1;
  if (lobit_session_set_sampling(session, &sampling, &error))
    goto done;

  /* 4. Evaluate a prompt, 5. generate. */
  const char *prompt = "In the";
  if (lobit_session_eval_text(session, prompt, strlen(prompt), LOBIT_TEXT_AUTO_BOS, &error))
    goto done;
  lobit_generate_options generate = LOBIT_INIT(lobit_generate_options);
  generate.max_tokens = 20;
  generate.callback = onPiece;
  generate.user = stdout;
  int32_t reason = 0;
  if (lobit_session_generate(session, &generate, NULL, &reason, &error))
    goto done;
  lobit_statistics statistics = LOBIT_INIT(lobit_statistics);
  lobit_session_get_statistics(session, &statistics);
  printf("\n%s, %.0f tokens/s\n", lobit_code_isa(code), statistics.generation_tokens_per_second);

done:
  /* Any order; release accepts NULL. */
  lobit_model_release(model);
  lobit_code_release(code);
  lobit_session_release(session);
  if (error.status)
    fprintf(stderr, "%s: %s\n", lobit_status_text(error.status), error.message);
  return lobit_status_exit_code(error.status);
}
