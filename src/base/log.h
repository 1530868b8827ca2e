/* The log: lines go to the sinks that the front end set up (a file, the terminal). Library rooms
 * (acme, crypto) never log. No secret is ever passed here; text from a peer goes through
 * buf_add_escaped first. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#define LOG_EVENT_MAX (1u << 20) /* bytes of one event; of a longer one only the first thousand are told */

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

typedef void log_sink(void *ctx, enum log_level level, const char *room, const char *line);

/* At most four sinks, called in order. Returns 0 or SIGNET_ELIMIT. */
int log_add_sink(log_sink *fn, void *ctx);
void log_reset(void); /* removes all sinks */

/* `room` names the part that speaks, such as "store.lineage". One event, which may span lines. */
void log_at(enum log_level level, const char *room, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
#define log_debug(room, ...) log_at(LOG_DEBUG, room, __VA_ARGS__)
#define log_info(room, ...)  log_at(LOG_INFO, room, __VA_ARGS__)
#define log_warn(room, ...)  log_at(LOG_WARNING, room, __VA_ARGS__)
#define log_error(room, ...) log_at(LOG_ERROR, room, __VA_ARGS__)

#endif
