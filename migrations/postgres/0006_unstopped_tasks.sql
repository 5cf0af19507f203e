-- Stopped tasks are kept for a month; whoever asks for those that live must not read past them.

CREATE INDEX task_unstopped_by_service ON task (account, region, cluster, service, id)
    WHERE service IS NOT NULL AND last_status <> 'STOPPED';
CREATE INDEX task_unstopped_by_instance ON task (instance, id)
    WHERE instance IS NOT NULL AND last_status <> 'STOPPED';
