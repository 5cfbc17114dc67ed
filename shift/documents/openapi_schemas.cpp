// The shapes of the documents of docs/api.md.
#include "shift/documents/openapi.h"
#include "shift/documents/schema_shape.h"

namespace vigil::shift {

nlohmann::ordered_json schemas_of_answers() {
  return schemas_of(R"shapes({
"/healthz": {"status":"=ok"},
"/readyz": {"status":"=ready|not ready","reasons":["string"]},
"/v1/status": "#Status",
"/v1/models": {"models":["#Model"]},
"/v1/runs": {"runs":["#Run"]},
"/v1/lumisections": {"items":["#LumisectionLine"],"next":"string?"},
"/v1/windows": {"items":["#WindowLine"],"next":"string?"},
"/v1/verdicts": {"items":["#VerdictLine"],"next":"string?"},
"/v1/trend": {"model":"string","stream":"string","monitor":"string","statistic":"string","window":"string","run":"integer",
  "unit":"string","points":["#Point"],"marks":["#Mark"],"gaps":[["integer"]]},
"/v1/histogram": "#Histogram",
"/v1/bx": {"model":"string","stream":"string","window":"string","run":"integer","first_ls":"integer","last_ls":"integer",
  "events":["integer"],"passes":{"*":["integer"]},"mismatches":{"*":["integer"]}},
"/v1/rate-curve": {"model":"string","stream":"string","window":"string","run":"integer","first_ls":"integer",
  "last_ls":"integer","seed":"string","output":"string","n_bx":"integer","events":"integer","target_rate_hz":"number?",
  "nearest":"integer?","threshold_not_above":"integer?","thresholds_compatible":"array?",
  "tie":"#Tie?","threshold":["integer"],"value":["number"],"rate_hz":["number"],"low_hz":["number"],"high_hz":["number"],
  "current_threshold":"integer","current_rate_hz":"number"},
"/v1/sources": {"sources":["#Source"]},
"/v1/openapi.json": {"openapi":"string","info":"object","paths":"object","components":"object"}
})shapes");
}

nlohmann::ordered_json schemas_by_name() {
  nlohmann::ordered_json out = schemas_of(R"shapes({
"Problem": {"type":"string","title":"string","status":"integer","detail":"string"},
"Status": {"vigil":{"version":"string","boot":"string","started":"string","mode":"=live|replay|demo|journal"},
  "time":"string","state":"#State","reason":"string","banner":["=REPLAY|DEMO|JOURNAL|SIMULATION|OLD DATA"],
  "streams":["#Stream"],"alarms":{"raised":"integer","acknowledged":"integer","shelved":"integer"},
  "actions":{"open":"integer","proposed":"integer","pending":"integer"},
  "pipeline":{"events_per_s":"number","queue_frames":"integer?","queue_capacity":"integer?","dropped":"integer",
    "journal":"string","journal_bytes":"integer"}},
"State": "=good|medium|bad|unknown|stale|shelved",
"Quality": "=unknown|good|medium|bad",
"Stream": {"model":"string","stream":"string","version":"string","model_hash":"string","firmware":"string",
  "selection":"string","origin":"string","state":"#State","reason":"string","run":"integer","ls":"integer",
  "age_s":"number?","data_time":"string?","lag_s":"number?",
  "context":{"fill":"integer?","menu":"string?","prescale_column":"integer?","beam_mode":"string?","pileup":"number?",
    "filling_scheme":"string?"},
  "reference":"#ReferenceProgress?","windows":["#Window"],"families":["#Family"],"rates":["#Rate"],
  "counts":{"events":"integer","batches":"integer","missing":"integer","duplicate":"integer","late":"integer",
    "rejected":"integer","dropped":"integer","uncovered_orbits":"integer","wrong_model_events":"integer"},
  "budget":{"judged_ls":"integer","pages":"integer","warnings":"integer","expected_pages":"number",
    "expected_warnings":"number"},
  "open_actions":"integer"},
"ReferenceProgress": {"name":"string?","learned":"integer?","wanted":"integer?","events":"integer?","ranges":"array?"},
"Window": {"name":"string","run":"integer","first_ls":"integer","last_ls":"integer","events":"integer",
  "coverage":"number?","quality":"#Quality","reason":"string"},
"Family": {"name":"=agreement|score|inputs|rates|data","state":"=good|medium|bad|unknown|shelved","monitors":"integer",
  "good":"integer","medium":"integer","bad":"integer","unknown":"integer","shelved":"integer","worst":"#Worst?"},
"Worst": {"monitor":"string","statistic":"string","window":"string","quality":"#Quality","value":"number?",
  "limit":"number?","reason":"string"},
"Rate": {"seed":"string","rate_hz":"number?","low_hz":"number?","high_hz":"number?","target_rate_hz":"number?"},
"Model": {"name":"string","version":"string","hash":"string","format":"string","firmware":"string",
  "description":"string","streams":["string"],
  "inputs":[{"name":"string","type":"string","lsb":"number?","unit":"string"}],
  "outputs":[{"name":"string","type":"string","words":"integer"}],
  "seeds":[{"name":"string","output":"string","word":"integer","bit":"integer","threshold":"integer",
    "target_rate_hz":"number?"}],
  "monitors":["string"],"warnings":["string"]},
"Run": {"run":"integer","model":"string","stream":"string","first_ls":"integer","last_ls":"integer","fill":"integer?",
  "start":"string?","events":"integer","lumisections":"integer",
  "quality":{"good":"integer","medium":"integer","bad":"integer","unknown":"integer"},"ranges":[["any"]],
  "actions":"integer","marks":["#Mark"]},
"Mark": {"ls":"integer",
  "kind":"=fill|menu|prescale_column|beam_mode|filling_scheme|selection|model_hash|reference|restart",
  "from":"string?","to":"string?"},
"Point": {"first_ls":"integer","last_ls":"integer","quality":"#Quality","value":"number?","p_value":"number?",
  "limit":"number?","reason":"string"},
"HistogramNumbers": {"model":"string","stream":"string","monitor":"string","window":"string","run":"integer",
  "first_ls":"integer","last_ls":"integer","type":"string","unit":"string","lsb":"number","edges_raw":["integer"],
  "edges":["number"],"window_counts":["integer"],"reference_counts":["integer"],"ratio":["number?"],
  "residual":["number?"],"window_events":"integer","reference_events":"integer","reference":"#HistogramReference?",
  "thresholds":[{"seed":"string","raw":"integer","value":"number"}]},
"HistogramReference": {"name":"string","ranges":[["integer"]]},
"RootHistogram": {"_typename":"=TH1D","fName":"string","fTitle":"string","fNcells":"integer","fXaxis":"object",
  "fYaxis":"object","fZaxis":"object","fEntries":"number","fSumw2":["number"],"fArray":["number"]},
"Tie": {"threshold":"integer","fraction":"number","prescale":"number"},
"Source": {"model":"string","stream":"string","source":"string","state":"#State","in_set":"boolean","age_s":"number?",
  "behind_orbits":"integer?","run":"integer?","ls":"integer?","newest":"object?",
  "totals":{"batches":"integer","covered_orbits":"integer","missing":"integer","duplicate":"integer","late":"integer",
    "rejected":"integer","dropped":"integer","restarts":"integer"},
  "rejected_by":{"*":"integer"}}
})shapes");
  out["Histogram"] = {
      {"anyOf",
       {{{"$ref", "#/components/schemas/HistogramNumbers"}}, {{"$ref", "#/components/schemas/RootHistogram"}}}}};
  return out;
}

// docs/results.md.
nlohmann::ordered_json schemas_of_lines() {
  return schemas_of(R"shapes({
"LumisectionLine": {"type":"=lumisection","model":"string","stream":"string","model_hash":"string","run":"integer",
  "ls":"integer","events":"integer","n_bx":"integer","expected_orbits":"integer","covered_orbits":"integer",
  "outputs":{"*":{"compared":"integer","mismatches":"integer","hardware_above":"integer","hardware_below":"integer"}},
  "seeds":{"*":{"compared":"integer","hardware":"integer","emulator":"integer","hardware_only":"integer",
    "emulator_only":"integer"}},
  "sources":{"*":{"batches":"integer","covered_orbits":"integer","missing":"integer","duplicate":"integer",
    "late":"integer","rejected":"integer","dropped":"integer","restarts":"integer"}},
  "wrong_model_events":"integer"},
"WindowLine": {"type":"=window","model":"string","stream":"string","name":"string","run":"integer","first_ls":"integer",
  "last_ls":"integer","events":"integer","n_bx":"integer","coverage":"number?","closed_by":"=full|context|run|end",
  "quality":"#Quality","reason":"string"},
"VerdictLine": {"type":"=verdict","model":"string","stream":"string","window":"string","run":"integer",
  "first_ls":"integer","last_ls":"integer","monitor":"string","statistic":"string","quality":"#Quality",
  "value":"number?","p_value":"number?","limit":"number?","reason":"string"}
})shapes");
}

}  // namespace vigil::shift
