package concord.peers;

import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.transforms.Transformation;

/** A stand-in for Aiven's transform of this name, which no registry has: the whole key becomes a member of the value. */
public final class KeyToValue implements Transformation<SinkRecord> {
  private String field;

  @Override
  public void configure(Map<String, ?> settings) {
    field = (String) settings.get("value.fields");
  }

  @Override
  public SinkRecord apply(SinkRecord record) {
    Struct value = (Struct) record.value();
    SchemaBuilder builder = SchemaBuilder.struct();
    for (Field each : value.schema().fields()) builder.field(each.name(), each.schema());
    Schema schema = builder.field(field, Schema.OPTIONAL_STRING_SCHEMA).build();
    Struct extended = new Struct(schema);
    for (Field each : value.schema().fields()) extended.put(each.name(), value.get(each));
    extended.put(field, record.key());
    return record.newRecord(
        record.topic(),
        record.kafkaPartition(),
        record.keySchema(),
        record.key(),
        schema,
        extended,
        record.timestamp());
  }

  @Override
  public ConfigDef config() {
    return new ConfigDef()
        .define("key.fields", Type.LIST, Importance.HIGH, "`*`, the whole key.")
        .define("value.fields", Type.LIST, Importance.HIGH, "The member that it becomes.");
  }

  @Override
  public void close() {}
}
