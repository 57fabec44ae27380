package concord.peers;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.sink.SinkConnector;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.sink.SinkTask;

/**
 * A stand-in for Aiven's HTTP sink, which no registry has: so much of its behaviour as Concord sees, under its settings.
 * Values are text, or become JSON; they are posted in batches between a prefix and a suffix; a record without a value fails the task; whatever
 * is not below 400 is sent again, until `max.retries` are used up.
 */
public final class HttpSink extends SinkConnector {
  private Map<String, String> settings;

  @Override
  public void start(Map<String, String> given) {
    settings = given;
  }

  @Override
  public Class<? extends Task> taskClass() {
    return Sender.class;
  }

  @Override
  public List<Map<String, String>> taskConfigs(int maxTasks) {
    return Collections.nCopies(maxTasks, settings);
  }

  @Override
  public ConfigDef config() {
    return new ConfigDef().define("http.url", Type.STRING, Importance.HIGH, "Where records are posted.");
  }

  @Override
  public String version() {
    return "1";
  }

  @Override
  public void stop() {}

  public static final class Sender extends SinkTask {
    private final HttpClient client = HttpClient.newHttpClient();
    private final JsonConverter json = new JsonConverter();
    private Map<String, String> settings;

    @Override
    public void start(Map<String, String> given) {
      settings = given;
      json.configure(Map.of("schemas.enable", false), false);
    }

    @Override
    public void put(Collection<SinkRecord> records) {
      if (records.stream().anyMatch(record -> record.value() == null)) {
        throw new DataException("Record value must not be null");
      }
      int size = Integer.parseInt(settings.getOrDefault("batch.max.size", "500"));
      List<String> values = records.stream().map(this::textOf).collect(Collectors.toList());
      for (int from = 0; from < values.size(); from += size) {
        send(values.subList(from, Math.min(from + size, values.size())));
      }
    }

    private void send(List<String> values) {
      String body = String.join(settings.getOrDefault("batch.separator", "\n"), values);
      HttpRequest request =
          HttpRequest.newBuilder(URI.create(settings.get("http.url")))
              .header("Content-Type", settings.get("http.headers.content.type"))
              .header("Authorization", settings.get("http.headers.authorization"))
              .POST(
                  HttpRequest.BodyPublishers.ofString(
                      settings.getOrDefault("batch.prefix", "")
                          + body
                          + settings.getOrDefault("batch.suffix", "\n")))
              .build();
      int retries = Integer.parseInt(settings.getOrDefault("max.retries", "1"));
      for (int attempt = 0; attempt <= retries; attempt++) {
        try {
          int status = answer(request);
          if (status < 400) return;
          System.err.println("HTTP sink: answered " + status);
          Thread.sleep(Integer.parseInt(settings.getOrDefault("retry.backoff.ms", "3000")));
        } catch (InterruptedException interrupted) {
          throw new ConnectException(interrupted);
        }
      }
      throw new ConnectException("Sending failed and no retries remain, stopping");
    }

    private String textOf(SinkRecord record) {
      if (record.value() instanceof String) return (String) record.value();
      byte[] bytes = json.fromConnectData(record.topic(), record.valueSchema(), record.value());
      return new String(bytes, StandardCharsets.UTF_8);
    }

    /** The status, or 599 where there was no answer. */
    private int answer(HttpRequest request) throws InterruptedException {
      try {
        return client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode();
      } catch (IOException fault) {
        System.err.println("HTTP sink: " + fault);
        return 599;
      }
    }

    @Override
    public void stop() {}

    @Override
    public String version() {
      return "1";
    }
  }
}
