#!/usr/bin/env python3
# A post-rotation script as administrators write them: it reads the gateway's line, looks its
# credential record up by title, and tells people what it does. Nothing of it knows pamrun.
import sys
import base64
import json


def find_record(records, title):
    for record in records:
        if record['title'].lower() == title.lower():
            return record
    return None


def rotate(device, login, password, user, new_password):
    print(f'Logging in to {device} as {login}')
    print(f'Updating the password of {user}')
    if new_password == password:
        print('The new password is the old one')
        return
    print('Password updated')


def main():
    for line in sys.stdin:
        params = json.loads(base64.b64decode(line).decode())
        print(f"Running the post-rotation script for: {params.get('user')}")
        records = json.loads(base64.b64decode(params.get('records')).decode())
        record = find_record(records, 'Router Authentication Record')
        if record is None:
            print('Error: the record with the title "Router Authentication Record" was not found')
            exit(1)
        for field in ['host_endpoint', 'login', 'password']:
            if not record.get(field):
                print(f'Error: {field} is missing in the record')
                exit(1)
        rotate(record['host_endpoint'], record['login'], record['password'],
               params['user'], params['newPassword'])
        break


if __name__ == '__main__':
    main()
