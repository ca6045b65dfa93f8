"""Reads and changes records through Keeper's own client, as any other tool of Keeper's would.

    witness.py CONFIG list                        the UIDs of all records
    witness.py CONFIG read UID                    one record
    witness.py CONFIG file UID NAME               the text in a file that is attached to it
    witness.py CONFIG notation NOTATION...        what each means: a list of texts, or an error
    witness.py CONFIG code URL                    the one-time code of now
    witness.py CONFIG set UID LABEL VALUE         give a custom field a value; it is made when missing
    witness.py CONFIG stage UID LABEL VALUE       the same in a transaction, left open
    witness.py CONFIG finalize|rollback UID       complete the transaction

Prints one line of JSON: what it read, or `{"error", "message"}`, and then its exit code is 1. The server is
found by HTTPS_PROXY and trusted by REQUESTS_CA_BUNDLE, which are the client's own ways.
"""

import json
import logging
import sys

from keeper_secrets_manager_core import SecretsManager
from keeper_secrets_manager_core.storage import FileKeyValueStorage
from keeper_secrets_manager_core.utils import get_totp_code


def only(client, uid):
    records = client.get_secrets([uid])
    if len(records) != 1:
        raise LookupError(f"{len(records)} records have the UID {uid}")
    return records[0]


def read(client, uid):
    record = only(client, uid)
    return {"json": record.raw_json, "revision": record.revision, "editable": record.is_editable}


def file(client, uid, name):
    attached = next(file for file in only(client, uid).files if file.name == name)
    return attached.get_file_data().decode()


def notation(client, *notations):
    def mean(one):
        try:
            return {"values": client.get_notation_results(one)}
        except Exception as error:
            return {"error": type(error).__name__, "message": str(error)}

    return [mean(one) for one in notations]


def save(client, uid, label, value, transaction=None):
    record = only(client, uid)
    # The client would take the first field of that type, had none that label.
    if any(field.get("label") == label for field in record.dict.get("custom", [])):
        record.set_custom_field_value(label, value)
    else:
        record.add_custom_field(field_type="text", label=label, value=value)
    client.save(record, transaction)
    return {}


ACTIONS = {
    "list": lambda client: [record.uid for record in client.get_secrets()],
    "read": read,
    "file": file,
    "notation": notation,
    "code": lambda client, url: get_totp_code(url).code,
    "set": save,
    "stage": lambda client, *what: save(client, *what, transaction="rotation"),
    "finalize": lambda client, uid: client.complete_transaction(uid),
    "rollback": lambda client, uid: client.complete_transaction(uid, rollback=True),
}


def main(config, action, *arguments):
    # What the client says of an error is printed below; it has no need to say it twice.
    logging.disable()
    try:
        client = SecretsManager(config=FileKeyValueStorage(config))
        print(json.dumps(ACTIONS[action](client, *arguments)))
    except Exception as error:  # whatever it is, the test wants to know it
        print(json.dumps({"error": type(error).__name__, "message": str(error)}))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
