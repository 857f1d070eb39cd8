/* Writes a beacon of what a model says and checks it. usage: hello_beacon MODEL */
#include <lobit/beacon.h>
#include <stdio.h>

int main(int argc, char **argv) {
  static const unsigned char key[32] = "replace this by 32 random bytes";
  lobit_error error = LOBIT_INIT(lobit_error);
  lobit_model *model = NULL;
  lobit_code *code = NULL;
  lobit_session *session = NULL;
  lobit_beacon *beacon = NULL;
  lobit_beacon_options options = LOBIT_INIT(lobit_beacon_options);
  options.key = key;
  options.key_size = sizeof(key);
  lobit_beacon_result result = LOBIT_INIT(lobit_beacon_result);
  lobit_beacon_verify_options ask = LOBIT_INIT(lobit_beacon_verify_options);
  ask.key = key;
  ask.key_size = sizeof(key);
  if (lobit_model_open_file(argc > 1 ? argv[1] : "model.lobit", NULL, &model, &error) ||
      lobit_code_bind(model, NULL, &code, &error) ||
      lobit_session_create(code, NULL, &session, &error) ||
      lobit_beacon_create(&options, &beacon, &error) ||
      lobit_beacon_attach(beacon, session, &error) ||
      lobit_session_eval_text(session, "In the beginning", 16, LOBIT_TEXT_AUTO_BOS, &error) ||
      lobit_beacon_finish(beacon, &result, &error) ||
      lobit_beacon_verify(result.bytes, result.size, &ask, NULL, &error))
    fprintf(stderr, "%s\n", error.message);
  else
    printf("%u rows, SDS %g\n", (unsigned)lobit_beacon_rows(beacon), result.sds);
  lobit_beacon_release(beacon);
  lobit_session_release(session);
  lobit_code_release(code);
  lobit_model_release(model);
  return lobit_status_exit_code(error.status);
}
